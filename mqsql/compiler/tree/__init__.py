"""The nodes that parsing makes, planning rewrites and lowering reads."""

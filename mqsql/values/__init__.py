"""Values at compile time and at run time: their canonical form, encoding, order and collation."""

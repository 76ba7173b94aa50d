"""The documentation site: `python -m docsite` (or `make docs`) makes it of `docs/` and of the code, without the network.

`assemble` gathers the pages, `generated` writes the parts that come from the code, `snippets` runs what the pages show.
"""

from pathlib import Path

ROOT = Path(__file__).parents[1]
"""The directory of the project."""

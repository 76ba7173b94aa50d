"""`python -m mqsql` is the command line."""

from mqsql.cli import main

main()

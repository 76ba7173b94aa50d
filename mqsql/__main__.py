"""`python -m mqsql` is the command line. Imports `cli`."""

from mqsql.cli import main

main()

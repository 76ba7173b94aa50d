"""The steps of paths: their number, and the positions and names that have a meaning of their own."""

MAX_STEPS = 50
MAX_INDEX = 2**31

DBREF = ('$ref', '$id', '$db')
"""The fields of a DBRef: an object that names another by its collection, its id and perhaps its database."""


def is_index(step: str) -> bool:
    """Whether a step may be an array's position: canonical decimal, and within what SQLite's JSON paths can count."""
    short = len(step) <= len(str(MAX_INDEX))  # Python refuses to make an int of thousands of digits
    return short and step.isascii() and step.isdecimal() and str(int(step)) == step and int(step) < MAX_INDEX


MAX_PATH = 500


def cut_path(path: str) -> str:
    """The way to a place as messages repeat it; each place below has a copy."""
    return path if len(path) <= MAX_PATH else path[: MAX_PATH - 1] + '…'

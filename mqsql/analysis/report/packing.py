"""Numbers and texts for a page, compact: deflated, in base64.

The bytes of the numbers are sorted by their place in a number first. Those of high places are nearly all zero, and so take
little.
"""

from array import array
from base64 import b64encode
from sys import byteorder
from zlib import compress

LEVEL = 6


def pack(numbers: 'array[int] | array[float]') -> str:
    """An array of numbers."""
    if byteorder == 'big':
        numbers = numbers[:]
        numbers.byteswap()
    data = numbers.tobytes()
    return _deflated(b''.join(data[place :: numbers.itemsize] for place in range(numbers.itemsize)))


def pack_text(text: str) -> str:
    """A text."""
    return _deflated(text.encode('utf-8', 'replace'))


def _deflated(data: bytes) -> str:
    return b64encode(compress(data, LEVEL)).decode()

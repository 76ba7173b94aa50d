"""Reads lists of bytes from pickles that may be hostile.

Python's own unpickler runs whatever a pickle says, without limits on time and memory. This one knows only the opcodes that a
list of bytes needs in protocols 0 to 5, including the str of Python 2, which is bytes.
"""

import codecs
import pickletools
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import islice
from typing import Any, TypeAlias

MOST_OPCODES = 1_000_000
LEAST_BYTES = 64 * 2**20
"""The bytes that a pickle may make, unless four times its size is more: a list may have the same value several times."""

_MARK, _ENCODE, _BYTES = object(), object(), object()
_GLOBALS = {'_codecs encode': _ENCODE, '__builtin__ bytes': _BYTES, 'builtins bytes': _BYTES}
"""The functions by which protocols 0 to 2 of Python 3 make bytes: of text in Latin-1, and empty ones."""

# Possessive, or each step would be remembered to come back to.
_LITERAL = re.compile(rb"""(?:[^\\]++|\\[\\'"nrt]|\\x[0-9a-f]{2})*+""")

Value: TypeAlias = Any


class _Machine:
    """The stack and the memo of an unpickler."""

    def __init__(self, limit: int) -> None:
        self.left = limit  # bytes that calls may make
        self.stack: list[Value] = []
        self.memo: dict[int, Value] = {}
        self.listed = False

    def push(self, value: Value) -> None:
        self.stack.append(value)

    def begin_list(self, _: object = None) -> None:
        """Push the only list that a pickle may have."""
        if self.listed:
            raise ValueError('a list in a list')
        self.listed = True
        self.push([])

    def list_of_marked(self, _: object) -> None:
        items = self.marked()
        self.begin_list()
        self.stack[-1].extend(items)

    def marked(self) -> list[Value]:
        """Pop the items after the last mark."""
        at = next(i for i in range(len(self.stack) - 1, -1, -1) if self.stack[i] is _MARK)
        items = self.stack[at + 1 :]
        del self.stack[at:]
        return items

    def append(self, _: object) -> None:
        item = self.stack.pop()
        self.last_list().append(item)

    def append_marked(self, _: object) -> None:
        items = self.marked()
        self.last_list().extend(items)

    def last_list(self) -> list[Value]:
        if not isinstance(self.stack[-1], list):
            raise ValueError('something is added to what is no list')
        return self.stack[-1]

    def tuple_of(self, number: int) -> None:
        items = tuple(self.stack[len(self.stack) - number :])
        if len(items) != number or not all(isinstance(item, str) for item in items):
            raise ValueError('a tuple')
        del self.stack[len(self.stack) - number :]
        self.push(items)

    def tuple_of_marked(self, _: object) -> None:
        items = self.marked()
        self.stack += items
        self.tuple_of(len(items))

    def call(self, _: object) -> None:
        """The two calls that make bytes."""
        arguments, function = self.stack.pop(), self.stack.pop()
        if function is _ENCODE and len(arguments) == 2 and arguments[1] == 'latin1':
            self.left -= len(arguments[0])
            if self.left < 0:
                raise ValueError('it makes far more bytes than it has')
            self.push(arguments[0].encode('latin-1'))
        elif function is _BYTES and arguments == ():
            self.push(b'')
        else:
            raise ValueError('a call')

    def name(self, name: str) -> None:
        if name not in _GLOBALS:
            raise ValueError(f'it asks for {name}')
        self.push(_GLOBALS[name])

    def put(self, at: int) -> None:
        self.memo[at] = self.stack[-1]

    def memoize(self, _: object) -> None:
        self.put(len(self.memo))

    def get(self, at: int) -> None:
        self.push(self.memo[at])


def _ignore(machine: _Machine, argument: Any) -> None:
    """An opcode without an effect here."""


_OPCODES: dict[str, Callable[[_Machine, Any], None]] = {
    **dict.fromkeys(('PROTO', 'FRAME', 'STOP'), _ignore),
    **dict.fromkeys(('BINBYTES', 'SHORT_BINBYTES', 'BINBYTES8'), _Machine.push),
    **dict.fromkeys(
        ('STRING', 'BINSTRING', 'SHORT_BINSTRING'), lambda machine, text: machine.push(text.encode('latin-1'))
    ),
    **dict.fromkeys(('UNICODE', 'BINUNICODE', 'SHORT_BINUNICODE', 'BINUNICODE8'), _Machine.push),
    **dict.fromkeys(('PUT', 'BINPUT', 'LONG_BINPUT'), _Machine.put),
    **dict.fromkeys(('GET', 'BINGET', 'LONG_BINGET'), _Machine.get),
    'MEMOIZE': _Machine.memoize,
    'MARK': lambda machine, _: machine.push(_MARK),
    'EMPTY_LIST': _Machine.begin_list,
    'LIST': _Machine.list_of_marked,
    'APPEND': _Machine.append,
    'APPENDS': _Machine.append_marked,
    'EMPTY_TUPLE': lambda machine, _: machine.tuple_of(0),
    'TUPLE': _Machine.tuple_of_marked,
    'TUPLE1': lambda machine, _: machine.tuple_of(1),
    'TUPLE2': lambda machine, _: machine.tuple_of(2),
    'GLOBAL': _Machine.name,
    'REDUCE': _Machine.call,
}


def _opcodes(file: BytesIO) -> Iterator[tuple[str, Any]]:
    """The names of the opcodes, each with its argument."""
    while code := file.read(1):
        opcode = _BY_CODE.get(code)
        if opcode is None or opcode.name not in _OPCODES:
            raise ValueError(f'a list of bytes needs no {opcode.name if opcode else code!r}')
        if opcode.name == 'STRING':
            yield opcode.name, _quoted(file.readline())
        elif opcode.name == 'GLOBAL':
            yield opcode.name, b' '.join(file.readline().strip() for _ in range(2)).decode()
        else:
            yield opcode.name, opcode.arg.reader(file) if opcode.arg else None


def _quoted(line: bytes) -> str:
    """The text of a literal of Python 2, in Latin-1: pickletools reads ASCII alone."""
    text = line.removesuffix(b'\n')
    quote, content = text[:1], text[1:-1]
    if quote not in (b"'", b'"') or len(text) < 2 or text[-1:] != quote or not _LITERAL.fullmatch(content):
        raise ValueError('a text that Python 2 does not write')
    decoded: bytes = codecs.escape_decode(content)[0]
    return decoded.decode('latin-1')


_BY_CODE = {opcode.code.encode('latin-1'): opcode for opcode in pickletools.opcodes}


def read_pickled_buffers(pickled: bytes) -> list[bytes]:
    """The list of bytes that was pickled; ValueError for any other pickle, or for one that makes too many bytes."""
    limit = max(LEAST_BYTES, 4 * len(pickled))
    machine = _Machine(limit)
    try:
        for name, argument in islice(_opcodes(BytesIO(pickled)), MOST_OPCODES):
            _OPCODES[name](machine, argument)
            if name == 'STOP':
                break
        else:
            raise ValueError('it has no end, or one behind too many steps')
        (buffers,) = machine.stack
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, StopIteration) as e:
        raise ValueError(f'it is no pickle of a list of bytes: {e or type(e).__name__}') from None
    if not isinstance(buffers, list) or not all(type(item) is bytes for item in buffers):
        raise ValueError('it is a pickle of something else than a list of bytes')
    if sum(map(len, buffers)) > limit:
        raise ValueError(f'its list would take {sum(map(len, buffers)):,} bytes, far more than the pickle itself')
    return buffers

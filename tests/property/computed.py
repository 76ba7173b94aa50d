"""A record that has a value of each kind, on which expressions are evaluated, and the paths to these values."""

from datetime import timedelta

from mqsql.testing.drawing.expressions import LISTS, OBJECTS, D

CONTENT = {
    'n': 5, 'f': 2.5, 'm': -7, 'zero': 0, 'big': 2**62, 's': 'abc', 't': 'hé\U0001f600', 'd': D, 'yes': True, 'null': None,
    'nan': float('nan'), 'raw': b'ab', 'l': LISTS[1], 'ls': LISTS[2], 'lo': LISTS[4], 'o': OBJECTS[1],
}  # fmt: skip
RECORD = {
    'msg_id': 'm1',
    'label': 'abc',
    'score': 2.5,
    'loss': -7,
    'done': True,
    'started': D,
    'completed': D + timedelta(40, 1),
    'content': CONTENT,
}

PATHS = {
    'number': ['score', 'loss', *(f'content.{name}' for name in ('n', 'f', 'm', 'zero', 'big', 'nan', 'o.a'))],
    'index': ['content.n', 'content.zero'],
    'text': ['content.s', 'content.t', 'content.o.b'],
    'date': ['content.d'],
    'list': ['content.l', 'content.ls', 'content.lo', 'content.lo.a', 'content.lo.b'],
    'object': ['content.o'],
    'truth': ['done', 'content.yes', 'content.null', 'content.zero', 'content.nope'],
    'nothing': ['content.nope', 'received'],
}

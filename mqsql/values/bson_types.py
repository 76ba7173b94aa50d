"""The names of BSON's types, by number."""

TYPES = {
    1: 'double',
    2: 'string',
    3: 'object',
    4: 'array',
    5: 'binData',
    8: 'bool',
    9: 'date',
    10: 'null',
    16: 'int',
    18: 'long',
}
OTHER_TYPES = {
    6: 'undefined',
    7: 'objectId',
    11: 'regex',
    12: 'dbPointer',
    13: 'javascript',
    14: 'symbol',
    15: 'javascriptWithScope',
    17: 'timestamp',
    19: 'decimal',
    -1: 'minKey',
    127: 'maxKey',
}
"""Types of BSON that no value of a record has."""

"""Sizes and numbers as they are printed."""

UNITS = (('GB', 1e9), ('MB', 1e6), ('kB', 1e3))


def size_text(number: int) -> str:
    """Bytes, with a unit: `161.2 MB`."""
    for unit, size in UNITS:
        if number >= 0.99995 * size:
            return f'{number / size:,.1f} {unit}'
    return f'{number} B'


def tasks_text(number: int) -> str:
    """So many tasks: `1 task`, `2,000 tasks`."""
    return f'{number:,} task{"" if number == 1 else "s"}'

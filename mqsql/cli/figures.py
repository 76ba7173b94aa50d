"""Durations, sizes and shares in words of a few characters."""

from datetime import timedelta

from mqsql.cli.task_table import short_span


def duration(seconds: float | None) -> str:
    """Seconds such as 850ms or 4m05s; a dash if they are not known."""
    return '-' if seconds is None else short_span(timedelta(seconds=seconds))


def size(number: int) -> str:
    """Bytes such as 340 B or 1.2 MB."""
    value = float(number)
    for unit in ('B', 'kB', 'MB'):
        if value < 999.5:
            return f'{value:.0f} {unit}' if unit == 'B' or value >= 99.95 else f'{value:.1f} {unit}'
        value /= 1000
    return f'{value:,.1f} GB'


def share(part: int, whole: int) -> str:
    """Percents with one digit, never 100 for less than all nor 0 for more than none."""
    if not part or not whole:
        return ''
    percents = min(max(100 * part / whole, 0.1), 99.9 if part < whole else 100)
    return f'{percents:.1f}%'

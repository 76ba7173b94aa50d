"""Durations and shares in words of a few characters."""

from datetime import timedelta

from mqsql.cli.task_table import short_span


def duration(seconds: float | None) -> str:
    """Seconds such as 850ms or 4m05s; a dash if they are not known."""
    return '-' if seconds is None else short_span(timedelta(seconds=seconds))


def share(part: int, whole: int) -> str:
    """Percents with one digit, never 100 for less than all nor 0 for more than none."""
    if not part or not whole:
        return ''
    percents = min(max(100 * part / whole, 0.1), 99.9 if part < whole else 100)
    return f'{percents:.1f}%'

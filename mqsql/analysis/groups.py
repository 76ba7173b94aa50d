"""Tasks in groups: by engine, by client, by label."""

from array import array
from collections import Counter
from collections.abc import Iterator

from mqsql.analysis.durations import Percentiles, durations, percentiles

MOST_GROUPS = 10_000
"""Names that are told apart; the tasks of further ones are counted together, which limits the memory."""
OTHERS = '(others)'


class Group:
    """Some tasks: how many are in each state, and the seconds that they waited, ran, and took to arrive at the hub."""

    __slots__ = ('arrivals', 'runs', 'states', 'waits')

    def __init__(self) -> None:
        self.states: Counter[str] = Counter()
        self.waits: array[float] = durations()
        self.runs: array[float] = durations()
        self.arrivals: array[float] = durations()

    @property
    def tasks(self) -> int:
        """How many there are."""
        return self.states.total()

    @property
    def wait(self) -> Percentiles | None:
        """From the submission to the start."""
        return percentiles(self.waits)

    @property
    def run(self) -> Percentiles | None:
        """From the start to the end."""
        return percentiles(self.runs)


class Groups:
    """Groups by a name, None for the tasks that have none."""

    def __init__(self) -> None:
        self._groups: dict[str | None, Group] = {}

    def __getitem__(self, name: str | None) -> Group:
        group = self._groups.get(name)
        if group is None:
            group = self._groups.setdefault(name if len(self._groups) < MOST_GROUPS else OTHERS, Group())
        return group

    def __len__(self) -> int:
        return len(self._groups)

    def __iter__(self) -> Iterator[tuple[str | None, Group]]:
        """The names with their groups, the largest first."""
        return iter(sorted(self._groups.items(), key=lambda item: (-item[1].tasks, item[0] or '')))

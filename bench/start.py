"""How long a program takes to start. Imports `mqsql` in new processes; `make bench` runs it.

    python -m bench.start --rounds 20

Printed are milliseconds of processor time of a whole process, the least and the median of the rounds, and by how much the
median is above that of an empty program. It needs a POSIX system.
"""

import argparse
import resource
import subprocess
import sys
from statistics import median
from tempfile import TemporaryDirectory

PROGRAMS = {
    'an empty program': 'pass',
    'import mqsql': 'import mqsql',
    'an error': 'import mqsql; mqsql.QueryError',
    'matches': "import mqsql; mqsql.matches({'a': 1}, {'a': 1})",
    "open('dict:')": "import mqsql; mqsql.open('dict:').close()",
    'compile': "import mqsql; mqsql.compile({'completed': None})",
    "open('tasks.db')": "import mqsql; mqsql.open('tasks.db').close()",
    'open, and a query': "import mqsql; mqsql.open('tasks.db').find_one({'completed': None})",
    'mqsql --help': "from mqsql.cli import main; main(['--help'])",
}


def milliseconds(program: str, directory: str) -> float:
    """The processor time of a process that runs the program."""
    before = _used()
    subprocess.run([sys.executable, '-c', program], cwd=directory, stdout=subprocess.DEVNULL, check=True)
    return 1000 * (_used() - before)


def _used() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def main() -> None:
    """Measure and print, the programs in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--rounds', type=int, default=20)
    rounds = parser.parse_args().rounds
    with TemporaryDirectory() as directory:
        runs = [{name: milliseconds(program, directory) for name, program in PROGRAMS.items()} for _ in range(rounds)]
    empty = median(run['an empty program'] for run in runs)
    for name in PROGRAMS:
        times = [run[name] for run in runs]
        print(
            f'{name:20} least {min(times):5.0f} ms, median {median(times):5.0f} ms, above {median(times) - empty:5.0f} ms'
        )


if __name__ == '__main__':
    main()

"""Locks of files between processes, which end with the process that has them, even if it is killed.

Two stores of one process exclude each other, too. A lock that is shared excludes only those that are not.
"""

import sys

if sys.platform == 'win32':
    import msvcrt

    _FAR = 2**62  # Windows does not let others read what is locked

    def lock_file(file: int, *, shared: bool = False) -> bool:
        """Lock an open file; whether that was possible: another may have it."""
        if shared:
            return True  # there are none here
        position = _seek(file, _FAR)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        finally:
            _seek(file, position)
        return True

    def _seek(file: int, position: int) -> int:
        import os

        before = os.lseek(file, 0, os.SEEK_CUR)
        os.lseek(file, position, os.SEEK_SET)
        return before

else:
    import fcntl

    def lock_file(file: int, *, shared: bool = False) -> bool:
        """Lock an open file, or make its lock a shared one; whether that was possible: another may have it."""
        # Not lockf: its lock would end with any other descriptor of the file that this process closes.
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

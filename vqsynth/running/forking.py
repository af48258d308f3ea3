"""Processes forked after torch or faiss has worked: they get one OpenMP thread, for with more they would wait for ever.

The threads of an OpenMP pool do not follow into a forked process, and GNU's OpenMP waits there for them. With one
thread it asks for none. The results are the same ones, and so many processes have a core each.
"""

import os
import sys
from functools import cache

FORKED_THREADS = 1
_in_child = False


@cache
def mind_forks() -> None:
    """See to it that processes forked from now on can work; called by whatever loads torch or faiss."""
    import threadpoolctl  # noqa: F401 - loaded here, for little may be imported between a fork and what follows it

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_take_one_thread)


def allow_threads(threads: int) -> int:
    """Tell how many of so many threads may be used: in a forked process only one."""
    return FORKED_THREADS if _in_child else threads


def _take_one_thread() -> None:
    from threadpoolctl import threadpool_limits

    global _in_child
    _in_child = True
    threadpool_limits(limits=FORKED_THREADS, user_api="openmp")
    set_threads = getattr(sys.modules.get("torch"), "set_num_threads", None)
    if set_threads is not None:  # torch counts for itself, and for threads that the process has yet to start
        set_threads(FORKED_THREADS)

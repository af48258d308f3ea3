"""Safe forking after torch or faiss has worked: a forked process gets one OpenMP thread.

The threads of an OpenMP pool do not exist in a forked process, and GNU's OpenMP would wait there for them for ever.
With one thread it starts no pool. The results are the same, and several forked processes have a core each.
"""

import os
import sys
from functools import cache

from vqsynth.errors import ParameterError

FORKED_THREADS, MOST_THREADS = 1, 1024
_in_child = False


@cache
def mind_forks() -> None:
    """Prepare the processes that will be forked from now on. Whatever loads torch or faiss calls this."""
    import threadpoolctl  # noqa: F401 - loaded before the fork, because importing right after one is not safe

    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_take_one_thread)


def allow_threads(threads: int) -> int:
    """Return how many of the given number of threads may be used: in a forked process only one.

    Raises ParameterError for a number outside 1 to 1024.
    """
    if isinstance(threads, bool) or not isinstance(threads, int) or not 1 <= threads <= MOST_THREADS:
        raise ParameterError(f"threads must lie between 1 and {MOST_THREADS} (got {threads!r})")
    return FORKED_THREADS if _in_child else threads


def _take_one_thread() -> None:
    from threadpoolctl import threadpool_limits

    global _in_child
    _in_child = True
    threadpool_limits(limits=FORKED_THREADS, user_api="openmp")
    set_threads = getattr(sys.modules.get("torch"), "set_num_threads", None)
    if set_threads is not None:  # torch keeps a count of its own, which it applies to threads that it has yet to start
        set_threads(FORKED_THREADS)

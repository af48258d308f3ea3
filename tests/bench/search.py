"""How long search takes: the best path over long curves, and the nearest of very many codes.

    python tests/bench/search.py [BOOK]

Run with OMP_NUM_THREADS=1 (`make bench` does): one thread. The 100,000 codes are the shipped codebooks' tables joined,
and again with their values jittered by 2 % until there are enough.
"""

import resource
import sys
import time

import numpy as np
from _bars import finish, median_seconds, note, show

import vqsynth
from vqsynth.codes.index import CodeIndex, Demand
from vqsynth.codes.table import DescriptorTable

MANY = 100_000


def grow(tables: list[DescriptorTable]) -> DescriptorTable:
    """Make a table of MANY codes of some by jitter."""
    rng, table = np.random.default_rng(0), tables[0]
    joined = np.concatenate([one.values for one in tables])
    values = np.tile(joined, (-(-MANY // len(joined)), 1))[:MANY]
    jittered = values * (1 + 0.02 * rng.standard_normal(values.shape)).astype(np.float32)
    return DescriptorTable(table.names, table.units, table.scales, jittered, np.ones(MANY, np.int64))


def main(name: str = "violin") -> None:
    """Print times and memory beside their bars."""
    book = vqsynth.load(name)
    for curves in ({"centroid": "random(p5,p95,2,1)"}, {"centroid": "random(p5,p95,2,1)", "flatness": "p50"}):
        targets = book.sample_curves(seconds=600, **curves)
        start = time.perf_counter()
        book.choose(targets, seconds=600)
        what = f"{name}: best path, {len(book)} codes, 10 minutes of {' and '.join(curves)}"
        show(what, time.perf_counter() - start, 10, unit="s")
    show("    memory of the whole process", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 1, unit="GB")
    table = grow([book.table for book in vqsynth.list_codebooks()])
    curves = {"centroid": "random(p5,p95,2,1)", "flatness": "random(p5,p95,2,2)", "pitch": "random(p5,p95,2,3)"}
    targets = book.sample_curves(seconds=60, **curves)
    demand = Demand(table, {name: targets[name] for name in curves})
    start = time.perf_counter()
    index = CodeIndex(demand.columns)
    note(f"{len(table)} codes: making the index, once", time.perf_counter() - start, "s")
    taken = median_seconds(lambda: index.search(demand.queries, 1))
    show(f"{len(table)} codes: nearest, per second of curve", 1000 * taken / 60, 5, unit="ms")
    some = range(0, len(demand), 20)
    usable = ~np.isnan(demand.columns).any(axis=1)
    least = [((demand.columns[usable] - demand.queries[t]) ** 2).sum(axis=1).min() for t in some]
    found = index.search(demand.queries[::20], 1).distances[:, 0]
    note("    of them not the very nearest", 100 * float(np.mean(found > np.array(least) + 1e-9)), "%")


if __name__ == "__main__":
    main(*sys.argv[1:])
    finish()

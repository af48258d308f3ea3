"""The measurement of all codes into a table, by every registered descriptor."""

import numpy as np
from numpy.typing import NDArray

from vqsynth.codes.fundamentals import measure_fundamentals
from vqsynth.codes.spectra import CodeSpectra, describe_spectra
from vqsynth.codes.table import DescriptorTable
from vqsynth.sound.descriptors import REGISTRY


def measure_table(spectra: CodeSpectra, counts: NDArray[np.int64]) -> DescriptorTable:
    """Measure all codes by every registered descriptor, the user's own among them.

    Parameters
    ----------
    spectra : CodeSpectra
        The spectra of K codes.
    counts : (K,) int64
        How often the training corpus used each code. A code that was never used gets a loudness, for paths that were
        made with it, and NaN for everything else.

    Returns
    -------
    DescriptorTable

    """
    known = list(REGISTRY.values())
    names, units, scales = zip(*((d.name, d.unit, d.scale) for d in known), strict=True)
    values, deviations = describe_spectra(spectra)
    pitches_hz = values[:, names.index("pitch")]
    strengths = measure_fundamentals(spectra.magnitudes, pitches_hz, spectra.grid)
    if counts.any():
        unheard = [i for i, name in enumerate(names) if name != "loudness"]
        values[np.ix_(counts == 0, unheard)] = np.nan
    return DescriptorTable(names, units, scales, values, counts, deviations=deviations, fundamentals=strengths)

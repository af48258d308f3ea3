"""The pictures: asked against got, a walk through a codebook, and the map of its codes.

    look          colours, fonts, light and dark; saving
    spectrogram   spectra as images
    timeline      reports and traverses, over time
    reach         what of a demand can be met
    codemap       the codes in two dimensions, and how a descriptor is distributed over them

matplotlib is imported when something is drawn, and nowhere else.
"""

from vqsynth.plot.codemap import plot_map
from vqsynth.plot.look import FORMATS, check_picture
from vqsynth.plot.reach import plot_reach
from vqsynth.plot.timeline import plot_report, plot_traverse

__all__ = ["FORMATS", "check_picture", "plot_map", "plot_reach", "plot_report", "plot_traverse"]

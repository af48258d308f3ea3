"""Pictures: asked against got, a traverse of a codebook, the map of its codes, and latent paths.

    look          colours, fonts, light and dark; saving
    spectrogram   spectra as images
    timeline      reports and traverses, over time
    reach         how well targets can be met
    latents       latent paths of the continuous model
    codemap       the codes in two dimensions, and how a descriptor is distributed over them

matplotlib is imported when something is drawn, and nowhere else.
"""

from vqsynth.plot.codemap import plot_map
from vqsynth.plot.latents import plot_latents
from vqsynth.plot.look import FORMATS, check_picture
from vqsynth.plot.reach import plot_reach
from vqsynth.plot.timeline import plot_report, plot_traverse

__all__ = ["FORMATS", "check_picture", "plot_latents", "plot_map", "plot_reach", "plot_report", "plot_traverse"]

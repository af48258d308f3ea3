"""Pictures: reports, traverses of a codebook, maps of its codes, and latent paths.

    look          colours and fonts, light and dark; writing of files
    spectrogram   spectra as images
    timeline      reports and traverses, over time
    reach         how well targets can be met
    latents       latent paths of the continuous model
    codemap       the codes in two dimensions, and the distribution of a descriptor over them

matplotlib is only imported when something is drawn.
"""

from vqsynth.plot.codemap import plot_map
from vqsynth.plot.latents import plot_latents
from vqsynth.plot.look import FORMATS, check_picture
from vqsynth.plot.reach import plot_reach
from vqsynth.plot.timeline import plot_report, plot_traverse

__all__ = ["FORMATS", "check_picture", "plot_latents", "plot_map", "plot_reach", "plot_report", "plot_traverse"]

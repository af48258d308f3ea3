"""How each shipped codebook was made: `python -m vqsynth.codebooks.recipes NAME` makes it again from the packages."""

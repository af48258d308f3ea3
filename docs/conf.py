"""How Sphinx builds the documentation: `make docs`, into out/docs."""

import vqsynth

project, author, copyright = "vqsynth", "The vqsynth authors", "2026, the vqsynth authors"
version = release = vqsynth.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_enable_extensions = ["colon_fence"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "vqsynth"
# What stands in single backticks is code, as in the docstrings.
default_role = "code"
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_preprocess_types = False
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # docstrings say types and shapes; signatures as they are written would repeat them
autodoc_preserve_defaults = True
nitpicky = False

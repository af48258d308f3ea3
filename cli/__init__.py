"""The command line, installed as `vqsynth.cli`: one file per verb, and main.py that gathers them."""

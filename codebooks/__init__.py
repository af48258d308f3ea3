"""The shipped codebooks, installed as `vqsynth.codebooks`: a folder each, and in recipes/ how each was made."""

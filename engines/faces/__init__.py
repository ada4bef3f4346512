"""Faces: where they are, and a vector of each."""

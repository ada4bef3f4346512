"""Vectors of recognised objects, which stand in where no CLIP model can be had."""

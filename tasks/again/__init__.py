"""One known photo again: looked at once more, its text corrected, an earlier finding restored."""

"""A server such as people run today, written the straightforward way: what Darkroom is measured against."""

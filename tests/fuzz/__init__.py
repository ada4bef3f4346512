"""Input that nobody meant to send."""

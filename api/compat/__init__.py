"""Protocols of other servers: translation only."""

"""Images in, plain dataclasses out: no HTTP, no queue, no SQL."""

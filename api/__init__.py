"""HTTP: validates, authenticates, translates. Runs no model and loads no weights."""

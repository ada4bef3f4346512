"""Documents: a page in, Markdown out while it is made."""

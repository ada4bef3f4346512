"""A PostgreSQL and a Redis of the tests' own, beside whatever the machine runs."""

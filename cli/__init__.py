"""The program a person types: a supervisor of the service's processes and a client of its HTTP API."""

"""Native routes, one file a resource."""

"""What makes the model and lets vLLM serve it on a machine without a GPU."""

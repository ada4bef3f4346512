"""Tests against a real vLLM, on the CPU, with a model that says the same for the same prompt."""

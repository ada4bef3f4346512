"""What the service takes and answers, as its OpenAPI document says it.

The models describe; nothing is validated by them at run time. Tests hold real answers against them.
"""

"""Packages that are only wanted here and there, and how they are added to the environment that runs."""

import sys


def install(extra: str) -> str:
    """The command that adds an extra of Darkroom, such as `openvino`; for a shell."""
    return f"{sys.executable} -m pip install 'darkroom[{extra}]'"

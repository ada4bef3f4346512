"""What Darkroom costs and how right it is, beside a reference in the same run."""

from cli.bench.command import bench

__all__ = ["bench"]

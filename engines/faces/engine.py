"""The face engine: pictures in, faces out."""

from typing import Protocol

from engines.faces.networks import Pixels
from engines.images import Image
from engines.loading import Engine, Networks
from engines.types import Face


class FaceNetworks(Networks, Protocol):
    """What finds faces."""

    def find(self, pixels: Pixels, min_score: float) -> tuple[Face, ...]:
        """Faces of a picture, uint8 [h, w, 3] RGB, best first."""
        ...


class FaceEngine(Engine[FaceNetworks]):
    """Finds faces; thread safe."""

    def find(self, image: Image, min_score: float = 0.5) -> tuple[Face, ...]:
        """Faces of a picture.

        Args:
            image: upright RGB.
            min_score: faces that are less certain are left out.

        Returns:
            Best first; empty where there is none, which is a result like any other.

        Raises:
            InferenceFailed: the runtime gave up on this picture.
        """
        with self._in_use() as networks:
            return networks.find(image.pixels, min_score)

"""Made-up networks: a detector that says what it is told to, a recogniser that says the colour of a face's middle."""

from collections.abc import Callable, Mapping

import numpy as np

from engines.faces import scrfd


def outputs(height: int = 640, width: int = 640) -> list[np.ndarray]:
    """What a detector says of a picture without faces."""
    places = [2 * (height // stride) * (width // stride) for stride in scrfd.STRIDES]
    return [np.zeros((count, size), np.float32) for size in (1, 4, 10) for count in places]


def put(
    made: list[np.ndarray], level: int, row: int, column: int, score: float, reach: float, width: int = 640
) -> None:
    """A face of `reach` strides to each side around a place of the grid, its points in a cross inside."""
    index = 2 * (row * (width // scrfd.STRIDES[level]) + column)
    made[level][index] = score
    made[level + 3][index] = reach
    made[level + 6][index] = np.array([-1, -1, 1, -1, 0, 0, -1, 1, 1, 1]) * reach / 2


class FakeDetector:
    """Sees a face of a score in the middle of what it is shown.

    Args:
        scores: by the longer side of what it is shown; nothing is seen where there is none.
        fixed: the input's side, where it is not free.
    """

    def __init__(self, scores: dict[int, float], fixed: int | None = None) -> None:
        self.inputs: Mapping[str, tuple[int | None, ...]] = {"input": (1, 3, fixed, fixed)}
        self.outputs = tuple("abcdefghi")
        self.sides: list[int] = []
        self.seen: list[tuple[int, ...]] = []
        self._scores = scores

    def run(self, feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        height, width = feeds["input"].shape[2:]
        side = max(height, width)
        self.sides.append(side)
        self.seen.append((height, width))
        made = outputs(height, width)
        if side in self._scores:
            # Half of what is seen with the margin is picture, so the face has the same size there and without it.
            reach = side / 8 / 2 if side == 640 else side / 8 / 4
            put(made, 0, height // 16, width // 16, self._scores[side], reach, width)
        return made


class FakeRecogniser:
    """Counts the faces of every batch; `held` is called first, by the first batch."""

    def __init__(self, free: bool = True, held: Callable[[], object] = lambda: None) -> None:
        self.inputs: Mapping[str, tuple[int | None, ...]] = {"input": (None if free else 1, 3, 112, 112)}
        self.outputs = ("vector",)
        self.batches: list[int] = []
        self.held = held

    def run(self, feeds: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        faces = feeds["input"]
        self.batches.append(len(faces))
        if len(self.batches) == 1:
            self.held()
        return [faces[:, :, 56, 56]]

"""Decodes mutated pictures in this process, under a limit on its memory: `python -m tests.fuzz.decoding COUNT SEED`.

Prints how many were decoded and how many refused by code; ends with a traceback, or by a signal, where one was neither.
"""

import json
import random
import resource
import signal
import sys
from collections import Counter
from typing import Final

from engines.errors import EngineError
from engines.images import decode
from engines.settings import EngineSettings
from tests.conftest import picture
from tests.fuzz.mutation import mutated

FORMS: Final = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "JPEG2000")
MEMORY: Final = 3 * 2**30
"""Address space, bytes: what is mapped counts, not only what is used."""

SLOWEST_S: Final = 10


def main(count: int, seed: int) -> None:
    """Decode them; SIGALRM ends the process where one takes SLOWEST_S."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    settings, dice = EngineSettings(), random.Random(seed)
    pictures = [picture(width, height, form=form) for form in FORMS for width, height in ((64, 48), (300, 200))]
    told: Counter[str] = Counter()
    for number in range(count):
        data = mutated(dice.choice(pictures), dice)
        signal.alarm(SLOWEST_S)
        try:
            image = decode(data, settings)
        except EngineError as error:
            told[error.code] += 1
        except BaseException:
            sys.stderr.write(f"picture {number} of seed {seed}\n")
            raise
        else:
            assert image.pixels.nbytes <= 3 * settings.max_pixels, number
            told["decoded"] += 1
    signal.alarm(0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(json.dumps({"told": told, "peak": peak}))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

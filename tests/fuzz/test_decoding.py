"""10,000 mutated pictures: each is decoded or refused with a code, in bounded memory and time."""

import json
import os
import random
import subprocess
import sys

COUNT = 10_000
SEED = int(os.environ.get("FUZZ_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
PEAK = 2**30
CODES = {"decoded", "not_a_picture", "picture_undecodable", "picture_out_of_range"}


def test_each_mutated_picture_is_decoded_or_refused() -> None:
    command = [sys.executable, "-m", "tests.fuzz.decoding", str(COUNT), str(SEED)]
    child = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)

    assert child.returncode == 0, f"FUZZ_SEED={SEED}: {child.returncode}\n{child.stderr[-2000:]}"
    found = json.loads(child.stdout)
    assert sum(found["told"].values()) == COUNT
    assert set(found["told"]) <= CODES, found["told"]
    assert min(found["told"][code] for code in ("decoded", "not_a_picture", "picture_undecodable")) > 100
    assert found["peak"] < PEAK, found

"""Bytes as a bad wire, a bad disk or a bad person leaves them."""

import random


def mutated(data: bytes, dice: random.Random) -> bytes:
    """The same with some bytes changed, doubled, cut out or added."""
    out = bytearray(data)
    for _ in range(dice.choice((1, 2, 4, 16, 64))):
        at = dice.randrange(len(out) or 1)
        deed = dice.randrange(6)
        if deed == 0 and out:
            out[at % len(out)] ^= 1 << dice.randrange(8)
        elif deed == 1:
            out[at : at + 4] = dice.choice((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"\x80\0\0\0"))
        elif deed == 2:
            del out[at : at + dice.randrange(1, 1 + max(1, len(out) // 8))]
        elif deed == 3:
            out[at:at] = out[at : at + dice.randrange(1, 200)]
        elif deed == 4:
            out[at:at] = dice.randbytes(dice.randrange(1, 50))
        else:
            del out[dice.randrange(len(out) or 1) :]
    return bytes(out)

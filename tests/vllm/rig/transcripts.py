"""What the model of the rig answers to each prompt; standard library only, for two environments read it."""

import random
from typing import Final

INVOICE: Final = """\
INVOICE No. 2026-0117
Date: 3 March 2026
Bill to: Jürgen Weiß & Töchter, 大阪

Item Qty Price
Envelopes C5 200 18.40
Stapler 1 12.90

Total: 31.30 EUR
Payable within 14 days.
"""

GROUNDED: Final = """\
<|ref|>title<|/ref|><|det|>[[70, 40, 520, 90]]<|/det|>
# INVOICE No. 2026-0117

<|ref|>text<|/ref|><|det|>[[70, 120, 560, 190]]<|/det|>
Bill to: Jürgen Weiß & Töchter, 大阪

<|ref|>table<|/ref|><|det|>[[70, 220, 940, 540]]<|/det|>
<table><tr><td>Item</td><td>Qty</td><td>Price</td></tr>\
<tr><td>Envelopes C5</td><td>200</td><td>18.40</td></tr></table>

<|ref|>image<|/ref|><|det|>[[610, 620, 940, 910]]<|/det|>
<|ref|>text<|/ref|><|det|>[[70, 930, 560, 960]]<|/det|>
Payable within 14 days.
"""

GROUNDED_CLEAN: Final = """\
# INVOICE No. 2026-0117

Bill to: Jürgen Weiß & Töchter, 大阪

<table><tr><td>Item</td><td>Qty</td><td>Price</td></tr>\
<tr><td>Envelopes C5</td><td>200</td><td>18.40</td></tr></table>

![](images/1.jpg)

Payable within 14 days.
"""

_WORDS: Final = [
    "amber",
    "birch",
    "cedar",
    "delta",
    "ember",
    "flint",
    "grove",
    "haven",
    "iris",
    "juniper",
    "kestrel",
    "larch",
    "maple",
    "north",
    "ochre",
    "pine",
]


def _long(words: int) -> str:
    """Text without an end in sight that never repeats itself; its seed is fixed."""
    chosen = random.Random(4).choices(_WORDS, k=words)
    return "".join(f"{word}{'. ' if n % 9 == 8 else ' '}" for n, word in enumerate(chosen)).strip() + ".\n"


LONG: Final = _long(400)

# Longer than the window of the n-gram processor, which stops shorter circles inside the engine.
CIRCLE: Final = " ".join(f"{word}{n}" for n in range(7) for word in _WORDS) + ".\n"
BEFORE_CIRCLE: Final = "The figure shows the following.\n\n"

# Prompt -> answer, and what is said again and again after it.
SCRIPTS: Final = {
    "Free OCR.": (INVOICE, ""),
    "Convert the document to markdown.": (GROUNDED, ""),
    "Describe this image in detail.": (LONG, ""),
    "Parse the figure.": (BEFORE_CIRCLE, CIRCLE),
}

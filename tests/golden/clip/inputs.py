"""What the golden vectors were made of: drawn pictures and texts."""

import numpy as np

# Width and height: photos of both ways up, square, a strip, smaller than the network's side, large.
SIZES = ((640, 427), (333, 500), (224, 224), (1000, 120), (97, 61), (1400, 2100))

ENGLISH = (
    "a photo of a cat",
    "Two dogs, running on the beach!  It's   sunny; isn't it?",
    "",
    "naïve café 2024 \U0001f602 \U0001f415",
    "a very long description of a photo " * 20,
    "snake_case and <|tags|> & 3.14",
)
CHINESE = (
    "飞机",
    "一只猫在沙发上睡觉,two dogs",
    "海边的日落\U0001f305和CAFÉ naïve",
    "",
    "很长的描述" * 30,
    "[SEP] 照片\u3000里有 2024 年。",
)
CANONICAL = ("A photo of a cat.", "snake_case--and  'quotes'!", "  飞机,\tON the ground。", "C'est l'été #1")


def picture(number: int) -> np.ndarray:
    """The picture of a number, uint8 [h, w, 3]: blotches with fine grain on them."""
    width, height = SIZES[number]
    rng = np.random.RandomState(number)
    rows, columns = (np.arange(side) * 9 // side for side in (height, width))
    blotches = rng.randint(20, 236, (9, 9, 3))[rows][:, columns]
    return np.clip(blotches + rng.randint(-20, 21, (height, width, 3)), 0, 255).astype(np.uint8)

"""Write the golden tokens and vectors with independent implementations; no test runs this.

    pip install torch torchvision open_clip_torch cn_clip transformers
    python -m tests.golden.clip.write_golden tokens
    python -m tests.golden.clip.write_golden vectors [FOLDER OF PHOTOS]

open_clip computes the OpenCLIP model, its preprocessing and its token ids; cn_clip those of Chinese-CLIP; transformers
writes the tokenizer's files, as it does when such a model is exported. Both packages load the seeded weights with
`strict`, so that every name and shape is the published architecture's.
"""

import gzip
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import open_clip
import PIL.Image
import torch
from cn_clip.clip.bert_tokenizer import FullTokenizer
from cn_clip.clip.model import CLIP as ChineseClip  # noqa: N811
from cn_clip.clip.utils import image_transform as chinese_transform
from open_clip.tokenizer import SimpleTokenizer, bytes_to_unicode, canonicalize_text
from open_clip.transform import PreprocessCfg, image_transform_v2
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from tests.golden.clip.graphs import draw
from tests.golden.clip.inputs import CANONICAL, CHINESE, ENGLISH, SIZES, picture

HERE = Path(__file__).parent
MERGES = 300


def write_tokenizer() -> list[tuple[str, str]]:
    """Learn a small vocabulary from the texts, and save it as CLIP's tokenizers are."""
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]
    )
    trainer = trainers.BpeTrainer(vocab_size=512 + MERGES, end_of_word_suffix="</w>", show_progress=False)
    learner.train_from_iterator([text.lower() for text in ENGLISH], trainer)
    merges = [tuple(pair) for pair in json.loads(learner.to_str())["model"]["merges"]]
    letters = list(bytes_to_unicode().values())
    words = [*letters, *(f"{letter}</w>" for letter in letters), *("".join(pair) for pair in merges)]
    words = [*dict.fromkeys(words), "<|startoftext|>", "<|endoftext|>"]
    made = CLIPTokenizer(vocab={word: index for index, word in enumerate(words)}, merges=merges)
    with tempfile.TemporaryDirectory() as folder:
        made.save_pretrained(folder)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            (HERE / name).write_text((Path(folder) / name).read_text(encoding="utf-8"), encoding="utf-8")
    return merges


def write_tokens() -> None:
    """Token ids of the texts, to be read by both tokenizers."""
    merges = write_tokenizer()
    with tempfile.NamedTemporaryFile(suffix=".gz") as file:
        file.write(gzip.compress("\n".join(["header", *(" ".join(pair) for pair in merges)]).encode()))
        file.flush()
        reference = SimpleTokenizer(file.name, context_length=77)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    letters = [chr(code) for code in range(33, 127) if not chr(code).isupper()]
    pieces = [
        "two",
        "dog",
        "##s",
        "##g",
        "ca",
        "##fe",
        "na",
        "##ive",
        "20",
        "##24",
        "\u2028",
        *(f"##{c}" for c in "abcdefgos"),
    ]
    chinese = sorted(
        {char for text in CHINESE for char in text if ord(char) > 0x2FFF and ord(char) < 0xFFFF} - {"\u3000"}
    )
    (HERE / "vocab.txt").write_text("\n".join([*special, *letters, *pieces, *chinese[:-3]]) + "\n", encoding="utf-8")
    golden = {
        "english": {text: reference(text)[0].tolist() for text in ENGLISH},
        "chinese": {text: read_chinese(text) for text in CHINESE},
        "canonical": {text: canonicalize_text(text) for text in CANONICAL},
    }
    (HERE / "tokens.json").write_text(json.dumps(golden, indent=0) + "\n", encoding="utf-8")


def read_chinese(text: str) -> list[int]:
    """cn_clip's `tokenize`, with our vocabulary in place of its own."""
    bert = FullTokenizer(str(HERE / "vocab.txt"))
    ids = bert.convert_tokens_to_ids(bert.tokenize(text))[:50]
    ids = [bert.vocab["[CLS]"], *ids, bert.vocab["[SEP]"]]
    return ids + [0] * (52 - len(ids))


def seeded(model: torch.nn.Module, name: str) -> torch.nn.Module:
    """A model with the weights that the test's graphs have."""
    state = {
        key: torch.from_numpy(draw(name, key, tuple(value.shape)))
        for key, value in model.state_dict().items()
        if value.is_floating_point()
    }
    rest = {key: value for key, value in model.state_dict().items() if not value.is_floating_point()}
    model.load_state_dict(state | rest, strict=True)
    return model.eval()


def openclip_model() -> open_clip.CLIP:
    from tests.golden.clip.models import OPENCLIP_TEXT as TEXT
    from tests.golden.clip.models import OPENCLIP_VISION as VISION

    vision = {"image_size": 224, "layers": VISION.layers, "width": VISION.width, "patch_size": VISION.patch}
    text = {
        "context_length": TEXT.context,
        "vocab_size": TEXT.words,
        "width": TEXT.width,
        "heads": TEXT.heads,
        "layers": TEXT.layers,
    }
    return seeded(open_clip.CLIP(embed_dim=VISION.dimensions, vision_cfg=vision, text_cfg=text), "openclip")


def chinese_model() -> ChineseClip:
    from tests.golden.clip.models import CHINESE_TEXT as TEXT
    from tests.golden.clip.models import CHINESE_VISION as VISION

    model = ChineseClip(
        embed_dim=VISION.dimensions, image_resolution=224, vision_layers=VISION.layers, vision_width=VISION.width,
        vision_patch_size=VISION.patch, vocab_size=TEXT.words, text_attention_probs_dropout_prob=0.1,
        text_hidden_act="gelu", text_hidden_dropout_prob=0.1, text_hidden_size=TEXT.width, text_initializer_range=0.02,
        text_intermediate_size=4 * TEXT.width, text_max_position_embeddings=512, text_num_attention_heads=TEXT.heads,
        text_num_hidden_layers=TEXT.layers, text_type_vocab_size=2,
    )  # fmt: skip
    return seeded(model, "chinese")


def write_vectors(photos: Path | None) -> None:
    """Vectors of the drawn pictures, the texts, and of photos where there are some."""
    drawn = [PIL.Image.fromarray(picture(number)) for number in range(len(SIZES))]
    paths = sorted(photos.glob("*.jpg")) if photos else []
    opened = [PIL.Image.open(path).convert("RGB") for path in paths]
    tokens = json.loads((HERE / "tokens.json").read_text(encoding="utf-8"))
    openclip, chinese = openclip_model(), chinese_model()
    prepare, prepare_chinese = image_transform_v2(PreprocessCfg(size=224), is_train=False), chinese_transform(224)

    def look(pictures: list[PIL.Image.Image]) -> tuple[np.ndarray, np.ndarray]:
        return (
            openclip.encode_image(torch.stack([prepare(one) for one in pictures]), normalize=True).numpy(),
            chinese.encode_image(torch.stack([prepare_chinese(one) for one in pictures])).numpy(),
        )

    with torch.inference_mode():
        found = dict(zip(("openclip_images", "chinese_images"), look(drawn), strict=True))
        if opened:
            found |= dict(zip(("openclip_photos", "chinese_photos"), look(opened), strict=True))
            found["photos"] = np.array([path.name for path in paths])
        english, word_pieces = (torch.tensor(list(tokens[key].values())) for key in ("english", "chinese"))
        found["openclip_texts"] = openclip.encode_text(english, normalize=True).numpy()
        found["chinese_texts"] = chinese.encode_text(word_pieces).numpy()
    for name, vectors in found.items():
        if name != "photos":
            unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
            print(name, vectors.shape, "nearest pair:", np.sort((unit @ unit.T).ravel())[-len(unit) - 1])  # noqa: T201
    np.savez_compressed(HERE / "vectors.npz", **found)


if __name__ == "__main__":
    if sys.argv[1] == "tokens":
        write_tokens()
    else:
        write_vectors(Path(sys.argv[2]) if len(sys.argv) > 2 else None)

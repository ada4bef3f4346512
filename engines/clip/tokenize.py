"""Texts -> token ids, as each family of text towers was trained."""

import json
import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from engines.clip.languages import ENGLISH, flores_code
from engines.errors import ModelMissing

if TYPE_CHECKING:
    from tokenizers import Tokenizer

CHINESE_CLIP_CONTEXT: Final = 52
_OPENCLIP_CONTEXT = 77
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)
_SPACE_FOR_UNDERSCORE = str.maketrans("_", " ")


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """A text as its tower wants it.

    Attributes:
        ids: int64 [context].
        mask: int64 [context], 1 for a token and 0 for padding.
    """

    ids: NDArray[np.int64]
    mask: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class TextReader:
    """Cleans a text and takes it apart; thread safe.

    Attributes:
        tokenizer: pads and cuts to the context's length.
        clean: what is done to a text before.
    """

    tokenizer: "Tokenizer"
    clean: Callable[[str], str]

    def __call__(self, text: str, language: str | None = None) -> Tokens:
        """The tokens of a text.

        Args:
            text: of any length; what the context cannot hold is cut off.
            language: its tag, such as `de`; only NLLB's towers look at it.
        """
        cleaned = self.clean(text)
        if language and self.tokenizer.token_to_id(ENGLISH) is not None:
            cleaned = flores_code(language) + cleaned
        encoding = self.tokenizer.encode(cleaned)
        return Tokens(np.array(encoding.ids, np.int64), np.array(encoding.attention_mask, np.int64))


def collapse_spaces(text: str) -> str:
    """One space for each run of white space, none at the ends."""
    return " ".join(text.split())


def canonicalize(text: str) -> str:
    """SigLIP's form of a text: lower case, no ASCII punctuation, underscores as spaces.

    Source: big_vision `prompt_engineering.py`, as open_clip's tokenizer does it.
    """
    return collapse_spaces(text.translate(_SPACE_FOR_UNDERSCORE).translate(_NO_PUNCTUATION).lower())


def read_exported(tokenizer: Path, tokenizer_config: Path, model_config: dict[str, Any]) -> TextReader:
    """The reader of an export of open_clip or M-CLIP.

    Args:
        tokenizer: Hugging Face's `tokenizer.json`.
        tokenizer_config: its `tokenizer_config.json`, which names the padding.
        model_config: open_clip's `config.json`; empty where the model has none.

    Raises:
        ModelMissing: a file cannot be used.
    """
    from tokenizers import Tokenizer

    text_config: dict[str, Any] = model_config.get("text_cfg") or {}
    context = int(text_config.get("context_length") or _OPENCLIP_CONTEXT)
    try:
        padding = json.loads(tokenizer_config.read_text(encoding="utf-8"))["pad_token"]
        made: Tokenizer = Tokenizer.from_file(str(tokenizer))
    except Exception as error:  # tokenizers raises bare Exception
        raise ModelMissing(f"{tokenizer} cannot be used: {error!r}", hint="get the model's files again") from error
    name = padding["content"] if isinstance(padding, dict) else padding
    pad_id = made.token_to_id(name)
    if pad_id is None:
        raise ModelMissing(f"{tokenizer} has no token {name!r} to pad with", hint="get the model's files again")
    made.enable_truncation(context)
    made.enable_padding(length=context, pad_id=pad_id, pad_token=name)
    canonical = (text_config.get("tokenizer_kwargs") or {}).get("clean") == "canonicalize"
    return TextReader(made, canonicalize if canonical else collapse_spaces)


def read_chinese(vocabulary: Path) -> TextReader:
    """The reader of Chinese-CLIP: BERT's word pieces in lower case, 52 ids.

    Special tokens are not looked for in the text: a `[SEP]` that somebody types is three tokens, as cn_clip reads it.

    Args:
        vocabulary: `vocab.txt`, a token a line.

    Raises:
        ModelMissing: the file cannot be used.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    try:
        # Split at line feeds only: some tokens are line separators of other kinds.
        tokens = vocabulary.read_text(encoding="utf-8").rstrip("\n").split("\n")
        ids = {token.strip(): index for index, token in enumerate(tokens)}
        ends = {name: ids[name] for name in ("[CLS]", "[SEP]", "[PAD]", "[UNK]")}
    except (OSError, UnicodeDecodeError, KeyError) as error:
        raise ModelMissing(f"{vocabulary} cannot be used: {error!r}", hint="get Chinese-CLIP's vocab.txt") from error
    made = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=200))  # noqa: S106
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.BertProcessing(("[SEP]", ends["[SEP]"]), ("[CLS]", ends["[CLS]"]))
    made.enable_truncation(CHINESE_CLIP_CONTEXT)
    made.enable_padding(length=CHINESE_CLIP_CONTEXT, pad_id=ends["[PAD]"])
    return TextReader(made, collapse_spaces)

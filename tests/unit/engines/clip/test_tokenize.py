"""Texts become the ids that each model was trained with."""

import json
import logging
from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers

from engines.clip import languages
from engines.clip.languages import flores_code
from engines.clip.tokenize import canonicalize, collapse_spaces, read_chinese, read_exported
from engines.errors import ModelMissing

WORDS = ["<pad>", "<unk>", "eng_Latn", "deu_Latn", "zho_Hans", "hund", "a", "dog", "Dog"]


def write_words(folder: Path, pad_token: object = "<pad>") -> tuple[Path, Path]:
    """A tokenizer of whole words, NLLB's language codes among them."""
    made = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.add_special_tokens(["eng_Latn", "deu_Latn", "zho_Hans"])
    made.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"pad_token": pad_token}))
    return folder / "tokenizer.json", folder / "tokenizer_config.json"


def config(length: int, clean: str | None = None) -> dict[str, object]:
    kwargs = {"tokenizer_kwargs": {"clean": clean}} if clean else {}
    return {"text_cfg": {"context_length": length, **kwargs}}


def test_texts_are_padded_and_cut_to_the_models_context(tmp_path: Path) -> None:
    read = read_exported(*write_words(tmp_path), config(4))
    short, long = read("a dog"), read("a dog " * 9)
    assert short.ids.tolist() == [6, 7, 0, 0]
    assert short.mask.tolist() == [1, 1, 0, 0]
    assert long.ids.tolist() == [6, 7, 6, 7]


def test_the_context_is_77_where_the_model_says_nothing(tmp_path: Path) -> None:
    assert read_exported(*write_words(tmp_path), {})("a").ids.shape == (77,)


def test_the_padding_may_be_written_as_an_object(tmp_path: Path) -> None:
    read = read_exported(*write_words(tmp_path, {"content": "<unk>", "lstrip": False}), config(2))
    assert read("a").ids.tolist() == [6, 1]


def test_only_models_that_ask_for_it_get_canonical_text(tmp_path: Path) -> None:
    files = write_words(tmp_path)
    assert read_exported(*files, config(2, "canonicalize"))("  A, Dog!").ids.tolist() == [6, 7]
    assert read_exported(*files, config(2, "whitespace"))("  a  Dog").ids.tolist() == [6, 8]


def test_a_language_goes_before_the_text_of_an_nllb_model(tmp_path: Path) -> None:
    read = read_exported(*write_words(tmp_path), config(3))
    assert read("hund", "de").ids.tolist() == [3, 5, 0]
    assert read("hund", "de-AT").ids.tolist() == [3, 5, 0]
    assert read("hund", "zh_CN").ids.tolist() == [4, 5, 0]
    assert read("hund", None).ids.tolist() == [5, 0, 0]


def test_a_language_is_nothing_to_other_models(tmp_path: Path) -> None:
    vocabulary = tmp_path / "vocab.txt"
    vocabulary.write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\nhund\n")
    assert read_chinese(vocabulary)("Hund", "de").ids.tolist()[:4] == [2, 4, 3, 0]


def test_a_language_that_nllb_does_not_know_is_english_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    languages._say_unknown.cache_clear()
    with caplog.at_level(logging.WARNING):
        assert [flores_code("tlh"), flores_code("tlh")] == ["eng_Latn", "eng_Latn"]
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("en", "eng_Latn"),
        ("pt-BR", "por_Latn"),
        ("nb-NO", "nob_Latn"),
        ("sr-Cyrl", "srp_Cyrl"),
        ("zh-CN", "zho_Hans"),
        ("zh_Hant", "zho_Hant"),
        ("zh-TW", "zho_Hant"),
        ("zh", "zho_Hans"),
        ("ja", "jpn_Jpan"),
        ("DE", "deu_Latn"),
    ],
)
def test_tags_of_interfaces_become_flores_codes(tag: str, code: str) -> None:
    assert flores_code(tag) == code


def test_white_space_is_collapsed() -> None:
    assert collapse_spaces("\t a \n\u3000b ") == "a b"


def test_canonical_text_has_neither_case_nor_punctuation() -> None:
    assert canonicalize("A dog_house, 'red' -- here!") == "a dog house red here"


def test_chinese_clips_line_separators_in_the_vocabulary_move_no_id(tmp_path: Path) -> None:
    vocabulary = tmp_path / "vocab.txt"
    vocabulary.write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n\u2028\n\x85\n机\n", encoding="utf-8")
    assert read_chinese(vocabulary)("机").ids.tolist()[:3] == [2, 6, 3]


@pytest.mark.parametrize("broken", ["tokenizer.json", "tokenizer_config.json"])
def test_a_broken_tokenizer_is_a_missing_model(tmp_path: Path, broken: str) -> None:
    files = write_words(tmp_path)
    (tmp_path / broken).write_text("{")
    with pytest.raises(ModelMissing, match=r"tokenizer\.json cannot be used") as caught:
        read_exported(*files, {})
    assert caught.value.hint


def test_padding_with_a_token_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="no token '<gone>'"):
        read_exported(*write_words(tmp_path, "<gone>"), {})


def test_a_vocabulary_without_special_tokens_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_text("a\nb\n")
    with pytest.raises(ModelMissing, match=r"vocab\.txt"):
        read_chinese(tmp_path / "vocab.txt")

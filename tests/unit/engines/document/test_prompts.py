import pytest

from engines.document.cells import CellParser
from engines.document.errors import DocumentError
from engines.document.grounding import GroundingParser
from engines.document.parsers import PlainParser
from engines.document.prompts import find
from engines.document.types import PageOptions

MODES = ("ocr", "document", "describe", "figure", "locate", "layout")


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("deepseek-ai/DeepSeek-OCR", "DeepSeek-OCR"),
        ("/models/deepseek-ocr-4bit/", "DeepSeek-OCR"),
        ("deepseek-ai/DeepSeek-OCR-2", "DeepSeek-OCR-2"),
        ("unsloth/DeepSeek_OCR2", "DeepSeek-OCR-2"),
        ("PaddlePaddle/PaddleOCR-VL-1.5", "PaddleOCR-VL"),
        ("rednote-hilab/dots.ocr", "dots.ocr"),
        ("rednote-hilab/dots.mocr", "dots.ocr"),
        ("deepseek-ai/deepseek-vl2", ""),
        ("gpt-4o", ""),
        ("", ""),
    ],
)
def test_a_model_is_known_by_its_name_wherever_it_is_from(name: str, model: str) -> None:
    assert find(name).name == model


@pytest.mark.parametrize(
    ("mode", "prompt"),
    [
        ("ocr", "Free OCR."),
        ("document", "<|grounding|>Convert the document to markdown."),
        ("describe", "Describe this image in detail."),
        ("figure", "Parse the figure."),
        ("layout", "<|grounding|>OCR this image."),
    ],
)
def test_deepseek_is_asked_as_it_was_trained(mode: str, prompt: str) -> None:
    assert find("deepseek-ai/DeepSeek-OCR").prompt(PageOptions(mode)) == prompt


def test_deepseek_locates_what_the_caller_names() -> None:
    model = find("deepseek-ai/DeepSeek-OCR")
    assert model.prompt(PageOptions("locate", "the stamp")) == "Locate <|ref|>the stamp<|/ref|> in the image."
    with pytest.raises(DocumentError, match="located") as caught:
        model.prompt(PageOptions("locate"))
    assert caught.value.hint


def test_a_prompt_of_the_caller_goes_without_the_mark_of_the_picture() -> None:
    model = find("deepseek-ai/DeepSeek-OCR")
    assert model.prompt(PageOptions("ocr", "<image>\nParse the figure.")) == "Parse the figure."


def test_deepseek_keeps_its_markup_and_its_guard_against_repetition() -> None:
    model = find("deepseek-ai/DeepSeek-OCR")
    assert model.temperature == 0
    assert model.extra == {
        "skip_special_tokens": False,
        "vllm_xargs": {"ngram_size": 30, "window_size": 90, "whitelist_token_ids": [128821, 128822]},
    }


def test_a_preset_is_the_size_of_the_picture_that_is_sent() -> None:
    model = find("deepseek-ai/DeepSeek-OCR")
    sides = [model.side(preset) for preset in ("tiny", "small", "base", "large", "gundam")]
    assert sides == [512, 640, 1024, 1280, 1920]
    assert model.largest_side == 1920


@pytest.mark.parametrize(
    ("name", "mode", "parser"),
    [
        ("deepseek-ai/DeepSeek-OCR", "ocr", GroundingParser),
        ("deepseek-ai/DeepSeek-OCR-2", "document", GroundingParser),
        ("PaddlePaddle/PaddleOCR-VL", "document", PlainParser),
        ("rednote-hilab/dots.ocr", "document", CellParser),
        ("rednote-hilab/dots.ocr", "ocr", PlainParser),
        ("another", "document", PlainParser),
    ],
)
def test_each_model_and_mode_has_the_parser_of_its_output(name: str, mode: str, parser: type) -> None:
    assert isinstance(find(name).parser(PageOptions(mode), 100, 100), parser)


@pytest.mark.parametrize("name", ["DeepSeek-OCR", "DeepSeek-OCR-2", "PaddleOCR-VL", "dots.ocr", "another"])
@pytest.mark.parametrize("mode", MODES)
def test_every_model_has_something_to_be_asked_in_every_mode(name: str, mode: str) -> None:
    prompt = find(name).prompt(PageOptions(mode, "a word" if mode == "locate" else None))
    assert prompt.strip()
    assert "{}" not in prompt
    assert "<image>" not in prompt


def test_an_unknown_model_gives_its_text_as_it_is() -> None:
    parser = find("another").parser(PageOptions(), 100, 100)
    assert parser.feed("# a <|ref|>") + parser.finish() == "# a <|ref|>"
    assert parser.blocks == ()

"""The document models that are known: what each is asked, how it samples, and what reads its output.

Through the chat API the picture is a content part of its own, so prompts go without the `<image>` of the originals.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Final

from engines.document.cells import CellParser
from engines.document.errors import DocumentError
from engines.document.grounding import GroundingParser
from engines.document.parsers import Parser, PlainParser
from engines.document.types import PageOptions

ParserClass = Callable[[int, int], Parser]

# Longer side of the picture that is sent, pixels.
A4_AT_200_DPI: Final = 2340


@dataclass(frozen=True, slots=True)
class DocumentModel:
    """How one model is talked to.

    Attributes:
        name: its usual name; empty for a model that is not known.
        prompts: by mode; `{}` stands for what the caller looks for.
        parsers: by mode, of output that is not plain Markdown.
        temperature: of the first attempt.
        top_p: as its authors run it.
        max_tokens: of a page; None leaves it to the engine.
        extra: further fields of the request.
        sides: longer side of the picture that is sent, pixels, by resolution preset.
        prefix: written before every prompt.
    """

    name: str
    prompts: Mapping[str, str]
    parsers: Mapping[str, ParserClass] = field(default_factory=lambda: MappingProxyType({}))
    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int | None = None
    extra: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    sides: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    prefix: str = ""

    def prompt(self, options: PageOptions) -> str:
        """What the model is asked; a mode that it does not have is read as `ocr`.

        Raises:
            DocumentError: `locate`, and nothing to look for.
        """
        given = (options.prompt or "").replace("<image>", "").strip()
        template = self.prompts.get(options.mode, self.prompts["ocr"])
        if "{}" not in template:
            return self.prefix + (given or template)
        if not given:
            raise DocumentError("Nothing is said to be located.", "Say what in the field `prompt`.")
        return self.prefix + template.replace("{}", given)

    def parser(self, options: PageOptions, width: int, height: int) -> Parser:
        """A parser for the answer to `prompt`; width and height of the page's picture in pixels."""
        return self.parsers.get(options.mode, PlainParser)(width, height)

    def side(self, resolution: str) -> int:
        """Longer side of the picture to be sent, pixels; larger ones only cost time."""
        return self.sides.get(resolution, A4_AT_200_DPI)

    @property
    def largest_side(self) -> int:
        """Longer side that a PDF's page is rendered at, pixels."""
        return max(self.sides.values(), default=A4_AT_200_DPI)


_MODES: Final = ("ocr", "document", "describe", "figure", "locate", "layout")

# README of deepseek-ai/DeepSeek-OCR.
_DEEPSEEK_PROMPTS: Final = MappingProxyType(
    {
        "ocr": "Free OCR.",
        "document": "<|grounding|>Convert the document to markdown.",
        "describe": "Describe this image in detail.",
        "figure": "Parse the figure.",
        "locate": "Locate <|ref|>{}<|/ref|> in the image.",
        "layout": "<|grounding|>OCR this image.",
    }
)


def _deepseek(name: str, ngram_size: int, tile: int) -> DocumentModel:
    """One of DeepSeek's: the markup is special tokens, and 128821 and 128822 are `<td>` and `</td>`.

    vLLM gives a picture of up to one tile the global view alone, and a larger one up to six tiles besides; it cannot be
    told otherwise for a single request. So a preset is the size of the picture that is sent: an A4 page fills 2 x 3
    tiles.
    """
    tokens = {"ngram_size": ngram_size, "window_size": 90, "whitelist_token_ids": [128821, 128822]}
    return DocumentModel(
        name=name,
        prompts=_DEEPSEEK_PROMPTS,
        parsers=MappingProxyType(dict.fromkeys(_MODES, GroundingParser)),
        extra=MappingProxyType({"skip_special_tokens": False, "vllm_xargs": tokens}),
        sides=MappingProxyType({"tiny": 512, "small": 640, "base": 1024, "large": 1280, "gundam": 3 * tile}),
    )


# The prompt that dots.ocr was trained on (rednote-hilab/dots.ocr, `prompt_layout_all_en`), to the letter.
_DOTS_LAYOUT: Final = """\
Please output the layout information from the PDF image, including each layout element's bbox, its category, and the \
corresponding text content within the bbox.

1. Bbox format: [x1, y1, x2, y2]

2. Layout Categories: The possible categories are ['Caption', 'Footnote', 'Formula', 'List-item', 'Page-footer', \
'Page-header', 'Picture', 'Section-header', 'Table', 'Text', 'Title'].

3. Text Extraction & Formatting Rules:
    - Picture: For the 'Picture' category, the text field should be omitted.
    - Formula: Format its text as LaTeX.
    - Table: Format its text as HTML.
    - All Others (Text, Title, etc.): Format their text as Markdown.

4. Constraints:
    - The output text must be the original text from the image, with no translation.
    - All layout elements must be sorted according to human reading order.

5. Final Output: The entire output must be a single JSON object.
"""

# By a part of the name, longer parts first: `deepseek-ocr-2` is also a `deepseek-ocr`.
_MODELS: Final = MappingProxyType(
    {
        # `run_dpsk_ocr2_image.py` of deepseek-ai/DeepSeek-OCR-2: the same prompts and markup, 20-grams, tiles of 768.
        "deepseekocr2": _deepseek("DeepSeek-OCR-2", ngram_size=20, tile=768),
        # vLLM's recipe for deepseek-ai/DeepSeek-OCR: 30-grams in a window of 90, tiles of 640.
        "deepseekocr": _deepseek("DeepSeek-OCR", ngram_size=30, tile=640),
        # vLLM's recipe for PaddlePaddle/PaddleOCR-VL: made for regions that a layout model cuts out; a whole page comes
        # out as text. Its processor goes no higher than 1280 x 28 x 28 pixels, about 840 x 1190 of an A4 page.
        "paddleocrvl": DocumentModel(
            name="PaddleOCR-VL",
            prompts=MappingProxyType({"ocr": "OCR:", "document": "OCR:", "figure": "Chart Recognition:"}),
        ),
        # `inference.py` of rednote-hilab/dots.ocr: without the three tokens vLLM puts a line break before the prompt.
        "dotsocr": DocumentModel(
            name="dots.ocr",
            prompts=MappingProxyType(
                {
                    "ocr": "Extract the text content from this image.",
                    "document": _DOTS_LAYOUT,
                    "layout": _DOTS_LAYOUT,
                }
            ),
            parsers=MappingProxyType({"document": CellParser, "layout": CellParser}),
            temperature=0.1,
            top_p=0.9,
            prefix="<|img|><|imgpad|><|endofimg|>",
        ),
    }
)

_UNKNOWN: Final = DocumentModel(
    name="",
    prompts=MappingProxyType(
        {
            "ocr": "Read all the text in this image, in reading order. Answer with the text only.",
            "document": "Convert this page to Markdown. Answer with the Markdown only.",
            "describe": "Describe this image in detail.",
            "figure": "Convert the figure in this image to a Markdown table. Answer with the table only.",
            "locate": "Say where in this image this is: {}",
        }
    ),
)


def find(name: str) -> DocumentModel:
    """The model of a name such as `deepseek-ai/DeepSeek-OCR` or `/models/dots.ocr`; plain words for an unknown one."""
    plain = "".join(mark for mark in PurePosixPath(name).name.casefold() if mark.isalnum())
    plain = plain.replace("dotsmocr", "dotsocr")
    return next((model for part, model in _MODELS.items() if part in plain), _UNKNOWN)

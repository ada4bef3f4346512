"""What a document engine is given and gives back; free of numpy, cheap to import."""

from dataclasses import dataclass, field

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PageOptions:
    """How a page is read.

    Attributes:
        mode: `ocr`, `document`, `describe`, `figure`, `locate` or `layout`.
        prompt: in place of the mode's own; what is looked for with `locate`.
        resolution: `tiny`, `small`, `base`, `large` or `gundam`; engines without presets ignore it.
    """

    mode: str = "document"
    prompt: str | None = None
    resolution: str = "gundam"


@dataclass(frozen=True, slots=True)
class Delta:
    """The next piece of a page.

    Attributes:
        text: of the clean Markdown; joined, the deltas are `PageResult.markdown`.
        raw: of the engine's own output; joined, `PageResult.raw`.
    """

    text: str
    raw: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A region of a page.

    Attributes:
        label: `title`, `sub_title`, `text`, `list`, `table`, `table_caption`, `image`, `image_caption`, `equation`,
            `header`, `footer`, or what the engine called it.
        boxes: x1, y1, x2, y2 each, pixels of the page's picture.
        text: its Markdown.
        figure: number of its cropped picture, from 1, of the first of `boxes`; None where it is none.
    """

    label: str
    boxes: tuple[Box, ...]
    text: str
    figure: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What a page cost. Tokens are the engine's own count, 0 for an engine that has none."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    prompt_chars: int = 0
    completion_chars: int = 0


@dataclass(frozen=True, slots=True)
class PageResult:
    """A finished page; the last thing that an engine gives.

    Attributes:
        markdown: clean; figures are linked as `images/N.jpg`, N from 1 on each page.
        raw: the engine's own output.
        blocks: in the order of the text.
        usage: of all attempts.
        engine: which engine the text is from: `classic`, or the model's name.
        notes: what happened on the way, a sentence each, such as a repetition that was stopped.
    """

    markdown: str
    raw: str = ""
    blocks: tuple[Block, ...] = ()
    usage: Usage = field(default_factory=Usage)
    engine: str = ""
    notes: tuple[str, ...] = ()

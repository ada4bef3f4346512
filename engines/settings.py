"""Settings of the engines, from the environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class EngineSettings(BaseSettings):
    """Which models run, on what, and which pictures are let in."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    ocr_model_name: str = Field(default="PP-OCRv6_small", description="OCR model that answers where none is named.")
    model_aliases: str = Field(
        default="PP-OCRv5_mobile=PP-OCRv6_small",
        description="Which OCR model stands in for one that cannot be had, `asked=instead`, comma-separated.",
    )
    model_cache: Path = Field(
        default=Path("~/.cache/darkroom/models"),
        description="Folder of models, `ocr/NAME/detection/model.onnx` and `ocr/NAME/recognition/model.onnx`.",
    )
    model_ttl: float = Field(
        default=300, ge=0, description="Seconds after its last use that a model is unloaded; 0: never."
    )
    runtime: Literal["auto", "onnxruntime", "openvino"] = Field(
        default="auto", description="What runs the models; `auto` takes what is fastest on the device."
    )
    precision: Literal["auto", "f32", "bf16", "f16"] = Field(
        default="auto", description="Arithmetic of the models; `auto` is f32, what the models were measured with."
    )
    engine_threads: int = Field(
        default=0, ge=0, description="Processor cores that a worker process computes on; 0: all it may run on."
    )
    ocr_det_side: int = Field(
        default=960, ge=128, le=4096, description="Longer side of the picture that the text detector sees, pixels."
    )
    ocr_rec_dynamic_width: bool = Field(
        default=True, description="Read each line at its own width; `off`: at few fixed widths, which some GPUs want."
    )
    allow_truncated: bool = Field(
        default=False, description="Read what is there of a truncated picture instead of refusing it."
    )
    max_side: int = Field(default=10_000, ge=1, description="Longest side of a picture that is decoded, pixels.")
    max_pixels: int = Field(
        default=100_000_000,
        ge=1,
        le=100_000_000,
        description="Largest area of a picture that is decoded, pixels.",
    )

    @field_validator("runtime", "precision", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        """Names are the same in any case; a name that is set to nothing means the default."""
        return (value.strip().lower() or "auto") if isinstance(value, str) else value

    @property
    def aliases(self) -> dict[str, str]:
        """`MODEL_ALIASES` as asked name -> name that stands in."""
        pairs = (pair.partition("=") for pair in self.model_aliases.split(",") if "=" in pair)
        return {asked.strip(): instead.strip() for asked, _, instead in pairs}

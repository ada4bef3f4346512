"""Settings of the engines, from the environment."""

from pathlib import Path
from typing import Final, Literal

from pydantic import AliasChoices, Field, field_validator

from engines.file_settings import FileSettings

CLIP_MODEL: Final = "XLM-Roberta-Base-ViT-B-32__laion5b_s13b_b90k"


class EngineSettings(FileSettings):
    """Which models run, on what, and which pictures are let in."""

    ocr_model_name: str = Field(default="PP-OCRv6_small", description="OCR model that answers where none is named.")
    clip_visual_model_name: str = Field(
        default=CLIP_MODEL, description="CLIP model that turns pictures into vectors where none is named."
    )
    clip_textual_model_name: str = Field(
        default=CLIP_MODEL, description="CLIP model that turns texts into vectors where none is named."
    )
    clip_model: str = Field(
        default="",
        description="Chinese-CLIP model of MT Photos' own server, `ViT-B-16`; set, it answers where no model is named.",
    )
    clip_fallback: Literal["", "concepts"] = Field(
        default="",
        description="`concepts`: where the CLIP model cannot be had, vectors of recognised objects stand in.",
    )
    clip_normalize: bool = Field(default=False, description="Scale CLIP vectors to length 1; else as the model gives.")
    face_recognition_model_name: str = Field(
        default="buffalo_l", description="InsightFace model pack that makes vectors of faces where none is named."
    )
    face_detection_model_name: str = Field(
        default="", description="Model pack whose detector finds faces; empty: that of the recognition."
    )
    face_fallback: Literal["", "dlib"] = Field(
        default="", description="`dlib`: where the model pack cannot be had, dlib's bundled models stand in."
    )
    model_aliases: str = Field(
        default="PP-OCRv5_mobile=PP-OCRv6_small",
        description="Which OCR model stands in for one that cannot be had, `asked=instead`, comma-separated.",
    )
    model_cache: Path = Field(
        default=Path("~/.cache/darkroom/models"),
        validation_alias=AliasChoices("MODEL_CACHE", "MACHINE_LEARNING_CACHE_FOLDER"),
        description="Folder of models in Immich's layout, such as `clip/NAME/visual/model.onnx` "
        "(also `MACHINE_LEARNING_CACHE_FOLDER`).",
    )
    model_ttl: float = Field(
        default=300,
        ge=0,
        validation_alias=AliasChoices("MODEL_TTL", "MACHINE_LEARNING_MODEL_TTL"),
        description="Seconds after its last use that a model is unloaded; 0: never "
        "(also `MACHINE_LEARNING_MODEL_TTL`).",
    )
    runtime: Literal["auto", "onnxruntime", "openvino", "tensorrt"] = Field(
        default="auto",
        description="What runs the models on the worker's device: `onnxruntime`, `openvino` or `tensorrt`; "
        "`auto` takes what is fastest on it.",
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
    ocr_rec_dynamic_width: bool | None = Field(
        default=None,
        description="`on`: read each line at its own width; `off`: at few fixed widths; empty: `on` for a CPU, `off` "
        "for a GPU, which compiles every shape anew.",
    )
    ocr_max_batch: int = Field(
        default=1024,
        ge=1,
        validation_alias=AliasChoices("OCR_MAX_BATCH", "MACHINE_LEARNING_MAX_BATCH_SIZE__OCR"),
        description="Lines that are read in one batch at most (also `MACHINE_LEARNING_MAX_BATCH_SIZE__OCR`).",
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
    max_photo_mb: int = Field(
        default=512, ge=1, description="Largest file of a library that is read as a photo, in MiB; more is a failure."
    )

    preload: str = Field(
        default="ocr", description="What a worker loads when it starts, of `ocr,clip,clip_text,face`; empty: nothing."
    )
    preload_clip_visual: str = Field(
        default="",
        validation_alias=AliasChoices("PRELOAD_CLIP_VISUAL", "MACHINE_LEARNING_PRELOAD__CLIP__VISUAL"),
        description="CLIP models to load at the start for pictures (also `MACHINE_LEARNING_PRELOAD__CLIP__VISUAL`).",
    )
    preload_clip_textual: str = Field(
        default="",
        validation_alias=AliasChoices("PRELOAD_CLIP_TEXTUAL", "MACHINE_LEARNING_PRELOAD__CLIP__TEXTUAL"),
        description="CLIP models to load at the start for texts (also `MACHINE_LEARNING_PRELOAD__CLIP__TEXTUAL`).",
    )
    preload_face: str = Field(
        default="",
        validation_alias=AliasChoices("PRELOAD_FACE", "MACHINE_LEARNING_PRELOAD__FACIAL_RECOGNITION__RECOGNITION"),
        description="Face models to load at the start "
        "(also `MACHINE_LEARNING_PRELOAD__FACIAL_RECOGNITION__RECOGNITION`).",
    )
    preload_ocr: str = Field(
        default="",
        validation_alias=AliasChoices("PRELOAD_OCR", "MACHINE_LEARNING_PRELOAD__OCR__RECOGNITION"),
        description="OCR models to load at the start (also `MACHINE_LEARNING_PRELOAD__OCR__RECOGNITION`).",
    )

    ocr_device: str = Field(
        default="", description="Where text is read: `CPU`, `GPU` or a device's name; empty: on the worker's device."
    )
    clip_device: str = Field(
        default="", description="Where CLIP vectors are made: `CPU`, `GPU` or a device's name; empty: as the worker."
    )
    face_device: str = Field(
        default="", description="Where faces are found: `CPU`, `GPU` or a device's name; empty: as the worker."
    )
    device_id: int | None = Field(
        default=None,
        ge=0,
        validation_alias="MACHINE_LEARNING_DEVICE_ID",
        description="Number of the one GPU that `auto`, `GPU`, `cuda` or `intel` means; empty: `auto` takes all.",
    )
    openvino_precision: Literal["auto", "fp32", "fp16"] = Field(
        default="auto",
        validation_alias="MACHINE_LEARNING_OPENVINO_PRECISION",
        description="`FP16` or `FP32`: arithmetic on Intel GPUs, unless `PRECISION` is set.",
    )

    document_engine: Literal["", "classic", "vllm"] = Field(
        default="",
        description="What reads documents: `classic`; `vllm`: `darkroom up` starts one of its own; "
        "empty: the servers of `LLM_BASE_URL`, else the classic engine.",
    )
    llm_base_url: str = Field(
        default="",
        description="Addresses of OpenAI-compatible servers that read documents, comma-separated, such as "
        "`http://engine:8000/v1`; empty: the classic engine reads them.",
    )
    llm_api_key: str = Field(default="", description="Key of these servers; empty: they ask for none.")
    llm_model: str = Field(default="deepseek-ai/DeepSeek-OCR", description="Model that these servers serve.")
    llm_prompt: str = Field(default="", description="Prompt of mode `ocr`; empty: the model's own.")
    llm_concurrency: int = Field(
        default=8, ge=1, description="Pages that a worker process sends to one of these servers at once."
    )
    llm_idle_timeout_s: float = Field(
        default=60, gt=0, description="Seconds of silence in the middle of a page after which a server counts as dead."
    )
    llm_timeout_s: float = Field(default=600, gt=0, description="Seconds that one page may take in all.")
    llm_wait_s: float = Field(
        default=20, ge=0, description="Seconds that pages wait for a server that does not answer before they fail."
    )
    gpu_memory_high: float = Field(
        default=0.95,
        gt=0,
        le=1,
        description="Share of a GPU's memory in use above which a worker halves the pages it has in flight.",
    )
    gpu_memory_low: float = Field(
        default=0.93, gt=0, le=1, description="Share below which it takes one more page again, up to its threads."
    )

    model_sources: str = Field(
        default="huggingface,modelscope,url",
        description="Where `darkroom models pull` looks, in this order: `huggingface`, `modelscope`, `url`.",
    )
    hf_endpoint: str = Field(default="https://huggingface.co", description="Address of Hugging Face, or of a mirror.")
    hf_hub_offline: bool = Field(default=False, description="Fetch nothing.")
    modelscope_endpoint: str = Field(default="https://www.modelscope.cn", description="Address of ModelScope.")
    model_url: str = Field(
        default="",
        description="Address or `file:///folder` with models as in `MODEL_CACHE`, the last source; empty: none.",
    )

    @field_validator("device_id", "ocr_rec_dynamic_width", mode="before")
    @classmethod
    def _unset(cls, value: object) -> object:
        """A variable that is set to nothing is not set."""
        return None if value == "" else value

    @field_validator("runtime", "precision", "openvino_precision", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        """Names are the same in any case; a name that is set to nothing means the default."""
        return (value.strip().lower() or "auto") if isinstance(value, str) else value

    @property
    def llm_urls(self) -> list[str]:
        """The addresses of `LLM_BASE_URL`; none where the classic engine is wanted."""
        urls = [] if self.document_engine == "classic" else self.llm_base_url.split(",")
        return [url.strip().rstrip("/") for url in urls if url.strip()]

    @property
    def aliases(self) -> dict[str, str]:
        """`MODEL_ALIASES` as asked name -> name that stands in."""
        pairs = (pair.partition("=") for pair in self.model_aliases.split(",") if "=" in pair)
        return {asked.strip(): instead.strip() for asked, _, instead in pairs}

    @property
    def immich_preloads(self) -> list[tuple[str, str]]:
        """Capability and model of Immich's PRELOAD variables."""
        named = {
            "clip": self.preload_clip_visual,
            "clip_text": self.preload_clip_textual,
            "face": self.preload_face,
            "ocr": self.preload_ocr,
        }
        return [(task, name.strip()) for task, names in named.items() for name in names.split(",") if name.strip()]

    def default_model(self, capability: str) -> str:
        """The model that is asked for where nobody names one."""
        return {
            "ocr": self.ocr_model_name,
            "clip": self.clip_model or self.clip_visual_model_name,
            "clip_text": self.clip_model or self.clip_textual_model_name,
            "face": self.face_recognition_model_name,
        }[capability]

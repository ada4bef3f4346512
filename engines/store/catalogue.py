"""Models that are known by name: what they are for, their licence, and where their files are.

CLIP models and face packs are Immich's exports, whose repositories at Hugging Face publish a digest with every file.
PP-OCR's files are those of the `rapidocr` wheel's own list, with the digests that it publishes.
"""

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any, Final

from engines.store.types import Known, RemoteFile

OPENAI: Final = "MIT"
OPENCLIP: Final = "see model card"
NON_COMMERCIAL: Final = "research only"
APACHE: Final = "Apache-2.0"

CLIP: Final[dict[str, tuple[int, str]]] = {
    "RN50__openai": (1024, OPENAI),
    "RN50__yfcc15m": (1024, OPENCLIP),
    "RN50__cc12m": (1024, OPENCLIP),
    "RN101__openai": (512, OPENAI),
    "RN101__yfcc15m": (512, OPENCLIP),
    "RN50x4__openai": (640, OPENAI),
    "RN50x16__openai": (768, OPENAI),
    "RN50x64__openai": (1024, OPENAI),
    "ViT-B-32__openai": (512, OPENAI),
    "ViT-B-32__laion2b_e16": (512, OPENCLIP),
    "ViT-B-32__laion400m_e31": (512, OPENCLIP),
    "ViT-B-32__laion400m_e32": (512, OPENCLIP),
    "ViT-B-32__laion2b-s34b-b79k": (512, OPENCLIP),
    "ViT-B-16__openai": (512, OPENAI),
    "ViT-B-16__laion400m_e31": (512, OPENCLIP),
    "ViT-B-16__laion400m_e32": (512, OPENCLIP),
    "ViT-B-16-plus-240__laion400m_e31": (640, OPENCLIP),
    "ViT-B-16-plus-240__laion400m_e32": (640, OPENCLIP),
    "ViT-L-14__openai": (768, OPENAI),
    "ViT-L-14__laion400m_e31": (768, OPENCLIP),
    "ViT-L-14__laion400m_e32": (768, OPENCLIP),
    "ViT-L-14__laion2b-s32b-b82k": (768, OPENCLIP),
    "ViT-L-14-336__openai": (768, OPENAI),
    "ViT-L-14-quickgelu__dfn2b": (768, OPENCLIP),
    "ViT-H-14__laion2b-s32b-b79k": (1024, OPENCLIP),
    "ViT-H-14-quickgelu__dfn5b": (1024, OPENCLIP),
    "ViT-H-14-378-quickgelu__dfn5b": (1024, OPENCLIP),
    "ViT-g-14__laion2b-s12b-b42k": (1024, OPENCLIP),
    "LABSE-Vit-L-14": (768, OPENCLIP),
    "XLM-Roberta-Large-Vit-B-32": (512, OPENCLIP),
    "XLM-Roberta-Large-Vit-B-16Plus": (640, OPENCLIP),
    "XLM-Roberta-Large-Vit-L-14": (768, OPENCLIP),
    "XLM-Roberta-Base-ViT-B-32__laion5b_s13b_b90k": (512, OPENCLIP),
    "XLM-Roberta-Large-ViT-H-14__frozen_laion5b_s13b_b90k": (1024, OPENCLIP),
    "nllb-clip-base-siglip__v1": (768, OPENCLIP),
    "nllb-clip-base-siglip__mrl": (768, OPENCLIP),
    "nllb-clip-large-siglip__v1": (1152, OPENCLIP),
    "nllb-clip-large-siglip__mrl": (1152, OPENCLIP),
    "ViT-B-16-SigLIP__webli": (768, APACHE),
    "ViT-B-16-SigLIP-256__webli": (768, APACHE),
    "ViT-B-16-SigLIP-384__webli": (768, APACHE),
    "ViT-B-16-SigLIP-512__webli": (768, APACHE),
    "ViT-B-16-SigLIP-i18n-256__webli": (768, APACHE),
    "ViT-L-16-SigLIP-256__webli": (1024, APACHE),
    "ViT-L-16-SigLIP-384__webli": (1024, APACHE),
    "ViT-SO400M-14-SigLIP-384__webli": (1152, APACHE),
    "ViT-B-16-SigLIP2__webli": (768, APACHE),
    "ViT-B-32-SigLIP2-256__webli": (768, APACHE),
    "ViT-L-16-SigLIP2-256__webli": (1024, APACHE),
    "ViT-L-16-SigLIP2-384__webli": (1024, APACHE),
    "ViT-L-16-SigLIP2-512__webli": (1024, APACHE),
    "ViT-SO400M-14-SigLIP2__webli": (1152, APACHE),
    "ViT-SO400M-14-SigLIP2-378__webli": (1152, APACHE),
    "ViT-SO400M-16-SigLIP2-256__webli": (1152, APACHE),
    "ViT-SO400M-16-SigLIP2-384__webli": (1152, APACHE),
    "ViT-SO400M-16-SigLIP2-512__webli": (1152, APACHE),
    "ViT-gopt-16-SigLIP2-256__webli": (1536, APACHE),
    "ViT-gopt-16-SigLIP2-384__webli": (1536, APACHE),
}
"""Name -> dimensions and licence, of the models that Immich documents."""

FACES: Final = ("antelopev2", "buffalo_l", "buffalo_m", "buffalo_s")
CHINESE_CLIP: Final = "ViT-B-16"
HUB: Final = "immich-app"

LANGUAGES: Final = {
    "ARABIC": "arabic",
    "CH": "ch",
    "CYRILLIC": "cyrillic",
    "DEVANAGARI": "devanagari",
    "EL": "el",
    "EN": "en",
    "ESLAV": "eslav",
    "JAPAN": "japan",
    "KA": "ka",
    "KOREAN": "korean",
    "LATIN": "latin",
    "TA": "ta",
    "TE": "te",
    "TH": "th",
}
"""Immich's prefix of a model's name -> the recogniser's in rapidocr's list."""


def is_known(task: str, name: str) -> bool:
    """Whether a model is in the catalogue; reads rapidocr's long list only for models of text."""
    if task == "ocr":
        return (task, name) in catalogue()
    return name in ({*CLIP, CHINESE_CLIP} if task == "clip" else FACES)


@cache
def catalogue() -> dict[tuple[str, str], Known]:
    """All models by task and name."""
    known = [Known("clip", name, licence, size, f"{HUB}/{name}") for name, (size, licence) in CLIP.items()]
    known.append(Known("clip", CHINESE_CLIP, APACHE, 512))
    known += [Known("facial-recognition", name, NON_COMMERCIAL, 512, f"{HUB}/{name}") for name in FACES]
    known += _ocr()
    return {(model.task, model.name): model for model in known}


def _ocr() -> list[Known]:
    """PP-OCR models by Immich's names, as far as the installed rapidocr lists them."""
    listed = _rapidocr_files()
    known = []
    for version in ("PP-OCRv4", "PP-OCRv5"):
        for kind in ("mobile", "server"):
            name = f"{version}_{kind}"
            known += _ocr_model(listed, name, version, kind, "ch", f"{HUB}/{name}" if version == "PP-OCRv5" else "")
        for prefix, language in LANGUAGES.items():
            name = f"{prefix}__{version}_mobile"
            known += _ocr_model(listed, name, version, "mobile", language, f"{HUB}/{name}")
        server = f"CH__{version}_server"
        known += _ocr_model(listed, server, version, "server", "ch", f"{HUB}/{server}")
    for size in ("tiny", "small", "medium"):
        known += _ocr_model(listed, f"PP-OCRv6_{size}", "PP-OCRv6", size, "multi", "")
    return known


def _ocr_model(
    listed: dict[str, RemoteFile], name: str, version: str, kind: str, language: str, repository: str
) -> list[Known]:
    detector = "multi" if version == "PP-OCRv6" else "ch"
    parts = {
        "detection/model.onnx": f"{detector}_{version}_det_{kind}",
        "recognition/model.onnx": f"{language}_{version}_rec_{kind}",
        "direction/model.onnx": "ch_ppocr_mobile_v2.0_cls_mobile",
    }
    if any(key not in listed for key in parts.values()):
        return []
    files = tuple(RemoteFile(path, listed[key].where, sha256=listed[key].sha256) for path, key in parts.items())
    return [Known("ocr", name, APACHE, None, repository, files)]


def _rapidocr_files() -> dict[str, RemoteFile]:
    """Model's key -> its path at ModelScope and its digest, of the list in the installed wheel."""
    spec = importlib.util.find_spec("rapidocr")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder, "default_models.yaml")
        if path.is_file():
            return dict(_walk(path))
    return {}


def _walk(path: Path) -> list[tuple[str, RemoteFile]]:
    import yaml

    found = []
    listed: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["onnxruntime"]
    for parts in listed.values():
        for models in parts.values():
            for key, model in models.items():
                if isinstance(model, dict) and "model_dir" in model and "SHA256" in model:
                    where = str(model["model_dir"]).partition("/models/")[2]
                    found.append((key, RemoteFile("", f"models/{where}", sha256=str(model["SHA256"]).lower())))
    return found

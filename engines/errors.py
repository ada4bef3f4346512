"""Everything that can go wrong in an engine.

    EngineError
      + ImageError
      |   + NotAPicture           not_a_picture          empty, text, an archive, an LFS pointer ...
      |   + PictureUndecodable    picture_undecodable    looks like a picture, breaks while it is decoded
      |   + PictureOutOfRange     picture_out_of_range   a side, the area or the file is over the limit
      + ModelError
      |   + ModelUnknown          model_unknown          no catalogue and no folder has this name
      |   + ModelMissing          model_missing          known, but its weights are not here
      + DeviceMissing             device_missing         asked for and not there
      + InferenceFailed           inference_failed       the runtime gave up on this input

Each has a stable `code`; the API translates codes once, at its edge.
"""


class EngineError(Exception):
    """The root: `code` is stable, `str(error)` is for people, `hint` names the next step where there is one."""

    code = "engine_error"

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class ImageError(EngineError):
    """The picture cannot be used; trying again with the same bytes cannot help."""

    code = "picture_unusable"


class NotAPicture(ImageError):
    """The bytes are no picture in any format that is decoded here."""

    code = "not_a_picture"


class PictureUndecodable(ImageError):
    """A picture by its first bytes, but broken or truncated."""

    code = "picture_undecodable"


class PictureOutOfRange(ImageError):
    """A side, the area or the file is over the limit; found before any pixel is decoded."""

    code = "picture_out_of_range"


class ModelError(EngineError):
    """No model can answer."""

    code = "model_error"


class ModelUnknown(ModelError):
    """The name is in no catalogue and in no model folder."""

    code = "model_unknown"


class ModelMissing(ModelError):
    """The weights of a known model are not on this machine; `hint` has the command that gets them."""

    code = "model_missing"


class DeviceMissing(EngineError):
    """A device that was asked for is not there; never replaced by another in silence."""

    code = "device_missing"


class InferenceFailed(EngineError):
    """The runtime failed on this input."""

    code = "inference_failed"

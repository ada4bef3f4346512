"""What can go wrong with a document; `EngineError`s with codes of their own.

DocumentError               document_error
  + PdfBroken               pdf_broken             no PDF, or one that cannot be read
  + PdfEncrypted            pdf_password           it needs a password, or another one
  + PdfTooLarge             pdf_out_of_range       too many pages, or none of those that were asked for
  + PageCancelled           cancelled              nobody wants the page any more
  + ModeMissing             mode_missing           the engine cannot do what is asked of it
  + EngineDown              document_engine_down   no endpoint answers
"""

from engines.errors import EngineError


class DocumentError(EngineError):
    """The root of what is wrong with a document."""

    code = "document_error"


class PdfBroken(DocumentError):
    """It is no PDF, or one that cannot be read."""

    code = "pdf_broken"


class PdfEncrypted(DocumentError):
    """It needs a password, or another one."""

    code = "pdf_password"


class PdfTooLarge(DocumentError):
    """Too many pages, or none of those that were asked for."""

    code = "pdf_out_of_range"


class PageCancelled(DocumentError):
    """Nobody wants the page any more."""

    code = "cancelled"


class ModeMissing(DocumentError):
    """The engine cannot do what is asked of it."""

    code = "mode_missing"


class EngineDown(DocumentError):
    """No endpoint of the document engine answers."""

    code = "document_engine_down"

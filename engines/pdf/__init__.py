"""PDFs: pages rendered one at a time, in a process of their own that a bad file cannot take us down with."""

from engines.pdf.document import PdfDocument
from engines.pdf.ranges import page_numbers

__all__ = ["PdfDocument", "page_numbers"]

"""Text in pictures: PP-OCR detection and recognition, each split into pre, run and post."""

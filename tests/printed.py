"""Printed pages as another reader sees them."""

import subprocess


def printed_words(pdf: bytes) -> str:
    """The text of the pages, as another reader sees it."""
    told = subprocess.run(["pdftotext", "-layout", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(told.stdout.decode().split())

"""The transparency sink: every step of extraction and comparison can hand over what it made."""

from typing import Any, Protocol


class Trace(Protocol):
    """Receives artefacts by step name (``ridge_mask``, ``minutiae``, ``aligned_face``, ``matched_pairs``, ...)."""

    def __call__(self, step: str, artefact: Any, /) -> None:  # noqa: ANN401
        """Take one artefact; must not change it."""


def silent(step: str, artefact: object) -> None:
    """A trace that keeps nothing."""


SILENT: Trace = silent

"""In which language a report is written: as it is asked for, else as pages of the console are."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Depends, Query, Request

from biometric_service.api.languages import HEADER, language_of
from biometric_service.texts.speaking import Language


def _report_language(
    request: Request,
    language: Annotated[
        Language | None, Query(description="Of the report; left out, what Accept-Language says, else English.")
    ] = None,
) -> str:
    return language.value if language else language_of(request)


ReportLanguage = Annotated[str, Depends(_report_language)]


def written_in(language: str) -> Mapping[str, str]:
    """Headers of a report."""
    return {"Content-Language": language, "Vary": f"{HEADER}, Cookie"}

"""In which language whoever asks is answered: pages of the console, and reports."""

from fastapi import Request

from biometric_service.texts.speaking import LANGUAGES

COOKIE = "language"
HEADER = "Accept-Language"


def language_of(request: Request) -> str:
    """The language chosen in the console, else the first in ``Accept-Language`` that there is, else English."""
    wanted = [request.cookies.get(COOKIE, ""), *_accepted(request.headers.get(HEADER, ""))]
    return next((each for each in wanted if each in LANGUAGES), LANGUAGES[0])


def _accepted(header: str) -> list[str]:
    """Languages of the header, those most wanted first; browsers send them in that order."""
    return [part.partition(";")[0].strip().partition("-")[0].lower() for part in header.split(",")]

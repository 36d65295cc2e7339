"""In which language whoever asks is answered: pages of the console, reports, and sentences of operations."""

from contextvars import ContextVar

from starlette.requests import HTTPConnection

from biometric_service.texts.speaking import ENGLISH, LANGUAGES

COOKIE = "language"
HEADER = "Accept-Language"

_CURRENT: ContextVar[str] = ContextVar("language", default=ENGLISH)


def begin(asked: HTTPConnection) -> None:
    """Set the language of the request in progress."""
    _CURRENT.set(language_of(asked))


def asked_language() -> str:
    """The language of the request in progress, English outside of one."""
    return _CURRENT.get()


def language_of(request: HTTPConnection) -> str:
    """The language chosen in the console, else the first in ``Accept-Language`` that there is, else English."""
    wanted = [request.cookies.get(COOKIE, ""), *_accepted(request.headers.get(HEADER, ""))]
    return next((each for each in wanted if each in LANGUAGES), LANGUAGES[0])


def _accepted(header: str) -> list[str]:
    """Languages of the header, those most wanted first; browsers send them in that order."""
    return [part.partition(";")[0].strip().partition("-")[0].lower() for part in header.split(",")]

"""Files from an address that a manifest gives: https all the way, and no larger than weights can be."""

from http.client import HTTPException, HTTPResponse
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    UnknownHandler,
)

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights.progress import download_bar

PATIENCE = 15.0
LARGEST = 2 << 30
CHUNK = 1 << 18


def download(url: str, target: Path) -> None:
    """Write what the address holds to ``target``, unchecked; MODEL_UNAVAILABLE where it cannot be had whole."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _https_only().open(url, timeout=PATIENCE) as answer:
            _save(answer, target)
    except HTTPError as fault:
        with fault:
            raise _unavailable(target, fault) from None
    except (OSError, HTTPException) as fault:
        raise _unavailable(target, fault) from None


def _https_only() -> OpenerDirector:
    """Follows redirections, but knows no other scheme: one that leads away from https ends in an error."""
    opener = OpenerDirector()
    for handler in (ProxyHandler, HTTPSHandler, HTTPRedirectHandler, HTTPErrorProcessor):
        opener.add_handler(handler())
    opener.add_handler(HTTPDefaultErrorHandler())
    opener.add_handler(UnknownHandler())
    return opener


def _save(answer: HTTPResponse, target: Path) -> None:
    whole = int(answer.headers.get("Content-Length", 0))
    received = 0
    with download_bar(f"Fetching {target.name}") as progress, target.open("wb") as file:
        task = progress.add_task("", total=whole or None)
        while chunk := answer.read(CHUNK):
            received += len(chunk)
            if received > LARGEST:
                raise OSError(f"it is larger than {LARGEST} bytes")
            file.write(chunk)
            progress.advance(task, len(chunk))
    if whole and received != whole:
        raise OSError(f"it broke off after {received} of {whole} bytes")


def _unavailable(target: Path, fault: Exception) -> BiometricServiceError:
    message = f"{target.name} cannot be had from its address ({fault})."
    action = "Check the network and the address in the manifest, or supply the file in BIOMETRIC_MODELS_DIR."
    return BiometricServiceError(ErrorCode.MODEL_UNAVAILABLE, message, action)

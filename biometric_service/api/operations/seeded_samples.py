"""Synthetic samples that came with the seeded gallery, to try the service with."""

import pathlib
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import Field

from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answers import Answer
from biometric_service.api.operations.asking import Asking
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import ServicesOf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.access import Scope

router = APIRouter(prefix=f"{OPERATIONS}/seeded-samples", tags=["console"])

FOLDER = "seed"


class SeededSamplesAnswer(Answer):
    """The samples there are to try."""

    names: tuple[str, ...] = Field(description="Names of PNG files.", examples=[["00003_2.png"]])


@router.get("")
async def list_samples(
    admission: Annotated[Admission, Depends(requires(Scope.IDENTIFY))],
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
) -> SeededSamplesAnswer:
    """List the synthetic samples, none where the gallery was not seeded."""
    await admission.caller(asking.purpose, [], asking.device)
    return SeededSamplesAnswer(names=tuple(sorted(await run_in_threadpool(_samples, services.settings.data_dir))))


@router.get("/{name}", response_class=Response, responses={200: {"content": {"image/png": {}}}})
async def read_sample(
    admission: Annotated[Admission, Depends(requires(Scope.IDENTIFY))],
    asking: Annotated[Asking, Depends()],
    name: Annotated[str, Path(description="One of the listed names.")],
    services: ServicesOf,
) -> Response:
    """Read one of the listed samples."""
    await admission.caller(asking.purpose, [], asking.device)
    samples = await run_in_threadpool(_samples, services.settings.data_dir)
    if name not in samples:
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, "There is no such sample.", "Take one that is listed.")
    return Response(await run_in_threadpool(samples[name].read_bytes), media_type="image/png")


def _samples(data_dir: pathlib.Path) -> dict[str, pathlib.Path]:
    return {path.name: path for path in (data_dir / FOLDER).rglob("*.png")}

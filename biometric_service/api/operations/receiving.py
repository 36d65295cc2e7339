"""A request's body, as JSON with base64 images or as multipart/form-data with image files, read the same way."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from biometric_service.api.errors import invalid_request
from biometric_service.api.failures import note_asked
from biometric_service.api.operations.bodies import AskingBody, FrameSignatureBody, ImageBody
from biometric_service.api.operations.positions import position_of
from biometric_service.api.services import ServicesOf
from biometric_service.api.workers import WorkersOf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.requests import GivenImage
from biometric_service.settings import Settings
from biometric_service.vocabulary.samples import FrameSignature

JSON = "application/json"
MULTIPART = "multipart/form-data"
REQUEST_PART = "request"

Asked = TypeVar("Asked", bound=AskingBody)
Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Received(Generic[Asked]):
    """A request that has been read: ``asked`` without the images, and the images as the use cases take them."""

    asked: Asked
    images: tuple[GivenImage, ...]


class _InMemory(MultiPartParser):
    """Keeps every part in memory: no image of a person is ever put on a disk in passing."""

    spool_max_size = 0


def reads(model: type[Asked]) -> Callable[..., Awaitable[Received[Asked]]]:
    """A dependency that reads a body of the model, unless there is no room to work on it anyway.

    REQUEST_INVALID, REQUEST_TOO_LARGE, RATE_LIMITED.
    """

    async def read(request: Request, services: ServicesOf, workers: WorkersOf) -> Received[Asked]:
        workers.require_room()
        text, files = await _parts(request, services.settings)
        asked = await run_in_threadpool(validated, model, text)
        if len(asked.given) > services.settings.max_request_images:
            raise _too_many(services.settings)
        images = tuple(_given(image, files, asked.device) for image in asked.given)
        note_asked(request, getattr(asked, "subject", None), (image.data for image in images if image.data))
        return Received(asked, images)

    return read


def validated(model: type[Asked], text: bytes) -> Asked:
    """The JSON text as the model; REQUEST_INVALID says what is wrong with it."""
    try:
        return model.model_validate_json(text)
    except ValidationError as fault:
        raise invalid_request(fault.errors(include_url=False, include_context=False, include_input=False)) from None


def documented(model: type[AskingBody]) -> dict[str, Any]:
    """The body of an operation for its OpenAPI description, in both forms."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    form = {
        "type": "object",
        "required": [REQUEST_PART],
        "properties": {REQUEST_PART: schema},
        "additionalProperties": {"type": "string", "contentMediaType": "application/octet-stream"},
    }
    content = {
        JSON: {"schema": schema},
        MULTIPART: {"schema": form, "encoding": {REQUEST_PART: {"contentType": JSON}}},
    }
    return {"requestBody": {"required": True, "content": content}}


async def _parts(request: Request, settings: Settings) -> tuple[bytes, Files]:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == JSON:
        return await request.body(), {}
    if media_type == MULTIPART:
        return await _form(request, settings)
    raise _refused(f"The content type is {media_type or 'not given'}.", f"Send {JSON} or {MULTIPART}.")


async def _form(request: Request, settings: Settings) -> tuple[bytes, Files]:
    most = settings.max_request_images + 1
    parser = _InMemory(request.headers, request.stream(), max_files=most, max_fields=1)
    try:
        form = await parser.parse()
    except MultiPartException as fault:
        raise _refused(f"The form cannot be read ({fault.message})", "Send well-formed multipart/form-data.") from None
    try:
        contents = await _contents(form)
    finally:
        await form.close()
    if REQUEST_PART not in contents:
        raise _refused(f"The form has no part {REQUEST_PART!r}.", "Send the JSON part beside the image files.")
    return contents.pop(REQUEST_PART), contents


async def _contents(form: FormData) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    for name, part in form.multi_items():
        if name in contents:
            raise _refused(f"The form has two parts named {name!r}.", "Give each part a name of its own.")
        contents[name] = await part.read() if isinstance(part, UploadFile) else part.encode()
    return contents


def _given(image: ImageBody, files: Files, device: str) -> GivenImage:
    position, signature = position_of(image.position), image.signature
    signed = _signature(signature) if signature else None
    return GivenImage(_data(image, files), image.modality, position, image.dpi, device, signed)


def _signature(said: FrameSignatureBody) -> FrameSignature:
    return FrameSignature(said.device, said.captured_at, said.nonce, said.dpi, said.position, said.signature)


def _data(image: ImageBody, files: Files) -> bytes:
    if (image.data is None) == (image.file is None):
        raise _refused("An image has both of data and file, or neither.", "Give each image exactly one of them.")
    if image.file is None:
        assert image.data is not None
        return image.data
    if image.file not in files:
        raise _refused(f"No part of the form is named {image.file!r}.", "Send the file under that name.")
    return files[image.file]


def _too_many(settings: Settings) -> BiometricServiceError:
    message = f"The request holds more than {settings.max_request_images} images."
    return BiometricServiceError(ErrorCode.REQUEST_TOO_LARGE, message, "Send fewer at a time.")


def _refused(message: str, action: str) -> BiometricServiceError:
    return BiometricServiceError(ErrorCode.REQUEST_INVALID, message, action)

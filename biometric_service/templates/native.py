"""The native codec: every template to bytes and back, exactly.

Little-endian. Header: magic ``BSTN``, codec version, kind, the lengths of the format's name and version (one byte
each), then both in UTF-8. Minutiae (kind 0) follow as position (u8), width, height and count (u16), then float32
positions, directions and qualities and uint8 kinds; a face (1) as its dimension (u16) and float32 embedding; a
SourceAFIS template (2) as position (u8), length (u32) and its bytes. A CRC-32 of all before it ends the template. It
finds accidents; against intent the store seals what this codec writes.
"""

import struct
import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.templates.cursor import Cursor
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import (
    FaceTemplate,
    MinutiaeTemplate,
    SourceAfisTemplate,
    Template,
    TemplateFormat,
)

MAGIC = b"BSTN"
CODEC_VERSION = 1

_HEADER = struct.Struct("<4sBBBB")
_FINGERPRINT = struct.Struct("<BHHH")
_FACE = struct.Struct("<H")
_SOURCE_AFIS = struct.Struct("<BI")
_CRC = struct.Struct("<I")
_KINDS_OF_TEMPLATE = (MinutiaeTemplate, FaceTemplate, SourceAfisTemplate)
_MODALITIES = (Modality.FINGERPRINT, Modality.FACE, Modality.FINGERPRINT)
_MARGIN = 1.0
_UNIT = 1.001
_FULL_TURN = np.float32(2 * np.pi)
_KINDS = 3


def encode(template: Template) -> bytes:
    """The template as bytes; TEMPLATE_INVALID where a value is out of its documented range."""
    try:
        body = _header(template) + _body(template)
    except (struct.error, UnicodeEncodeError):
        raise _invalid("a field does not fit") from None
    return body + _CRC.pack(zlib.crc32(body))


def decode(data: bytes) -> Template:
    """The template of ``encode``; TEMPLATE_INVALID for anything that ``encode`` does not write."""
    body, crc = data[: -_CRC.size], data[-_CRC.size :]
    if crc != _CRC.pack(zlib.crc32(body)):
        raise _invalid("its checksum is wrong")
    try:
        return _decoded(Cursor(body))
    except ValueError as fault:
        raise _invalid(str(fault)) from None


def _header(template: Template) -> bytes:
    name, version = template.format.name.encode(), template.format.version.encode()
    kind = _KINDS_OF_TEMPLATE.index(type(template))
    if template.format.modality is not _MODALITIES[kind]:
        raise _invalid("its format is of another modality")
    return _HEADER.pack(MAGIC, CODEC_VERSION, kind, len(name), len(version)) + name + version


def _body(template: Template) -> bytes:
    if isinstance(template, MinutiaeTemplate):
        return _minutiae_body(template)
    if isinstance(template, SourceAfisTemplate):
        return _SOURCE_AFIS.pack(template.position, len(template.data)) + bytes(template.data)
    return _FACE.pack(len(template.embedding)) + _floats(template.embedding)


def _minutiae_body(template: MinutiaeTemplate) -> bytes:
    _check_ranges(template)
    start = _FINGERPRINT.pack(template.position, *template.size, len(template.kinds))
    arrays = (template.positions, template.directions, template.qualities)
    return start + b"".join(map(_floats, arrays)) + template.kinds.tobytes()


def _floats(array: NDArray[np.float32]) -> bytes:
    return array.astype("<f4", copy=False).tobytes()


def _decoded(cursor: Cursor) -> Template:
    magic, version, kind, name_length, version_length = cursor.unpack(_HEADER)
    if (magic, version) != (MAGIC, CODEC_VERSION):
        raise _invalid("it is not of this codec or of a newer version of it")
    form = _format(kind, cursor.take(name_length), cursor.take(version_length))
    template: Template = _READERS[kind](form, cursor)
    cursor.end()
    return template


@lru_cache(maxsize=64)
def _format(kind: int, name: bytes, version: bytes) -> TemplateFormat:
    """One object for all templates of a format: a gallery holds a million of them."""
    if kind >= len(_MODALITIES):
        raise _invalid("its kind is not known")
    return TemplateFormat(_MODALITIES[kind], name.decode(), version.decode())


def _read_minutiae(form: TemplateFormat, cursor: Cursor) -> MinutiaeTemplate:
    position, width, height, count = cursor.unpack(_FINGERPRINT)
    floats = cursor.floats(4 * count)
    template = MinutiaeTemplate(
        format=form,
        position=FingerPosition(position),
        positions=floats[: 2 * count].reshape(count, 2),
        directions=floats[2 * count : 3 * count],
        qualities=floats[3 * count :],
        kinds=cursor.octets(count),
        size=(width, height),
    )
    _check_ranges(template)
    return template


def _read_face(form: TemplateFormat, cursor: Cursor) -> FaceTemplate:
    (dimension,) = cursor.unpack(_FACE)
    embedding = cursor.floats(dimension)
    if not _within(embedding, -_UNIT, _UNIT):
        raise _invalid("its embedding is not of unit length")
    return FaceTemplate(form, embedding)


def _read_source_afis(form: TemplateFormat, cursor: Cursor) -> SourceAfisTemplate:
    position, length = cursor.unpack(_SOURCE_AFIS)
    return SourceAfisTemplate(form, FingerPosition(position), cursor.take(length))


_READERS: Sequence[Callable[[TemplateFormat, Cursor], Template]] = (_read_minutiae, _read_face, _read_source_afis)


def _check_ranges(template: MinutiaeTemplate) -> None:
    """A pixel of margin around the image and a direction rounded up to a full turn are let pass."""
    inside = (
        _within(template.positions, -_MARGIN, np.asarray(template.size, np.float32) + _MARGIN)
        and _within(template.directions, 0, _FULL_TURN)
        and _within(template.qualities, 0, 1)
        and bool((template.kinds < _KINDS).all())
    )
    if not inside:
        raise _invalid("a minutia in it is out of range")


def _within(values: NDArray[np.float32], low: float, high: float | np.float32 | NDArray[np.float32]) -> bool:
    return bool(((values >= low) & (values <= high)).all())


def _invalid(fault: str) -> BiometricServiceError:
    message = f"The template is not valid: {fault}."
    return BiometricServiceError(ErrorCode.TEMPLATE_INVALID, message, "Make it again from the sample.")

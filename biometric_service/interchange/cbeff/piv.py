"""The PIV patron format (NIST SP 800-76-2, section 9): a binary header of 88 bytes before one block of data."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime

from biometric_service.interchange.cbeff.record import Bir, Registered, unreadable

HEAD = struct.Struct(">BBIHHH8s8s8s3sBb18s25s4s")
VERSION = 3
TYPES = {b"\0\0\x08": "Finger", b"\0\0\x02": "Face"}
LEVELS = {0b001: "Raw", 0b010: "Intermediate", 0b100: "Processed"}
LEVEL_BITS = 5
ZONE = ord("Z")
NO_MOMENT = bytes(8)


@dataclass(frozen=True, slots=True)
class PivRecord:
    """A record. ``security``: options as their byte has them; ``sealed``: the signature block (SB), as it is.

    ``validity``: from and until, 16 bytes; ``creator``: 18 bytes; ``number``: the card's FASC-N, 25 bytes;
    ``level``: the byte of the biometric data type; ``reserved``: 4 bytes.
    """

    bir: Bir
    security: int
    sealed: bytes
    kind: bytes
    level: int
    quality: int
    created: bytes
    validity: bytes
    creator: bytes
    number: bytes
    reserved: bytes

    def encoded(self) -> bytes:
        """The record as it is written: the bytes that it was read from."""
        form = self.bir.format or Registered("0", "0")
        sizes = (len(self.bir.data), len(self.sealed), int(form.organization), int(form.type))
        moments = (self.created, self.validity[:8], self.validity[8:])
        said = (self.kind, self.level, self.quality, self.creator, self.number, self.reserved)
        return HEAD.pack(VERSION, self.security, *sizes, *moments, *said) + self.bir.data + self.sealed


def is_piv(data: bytes) -> bool:
    """Whether the bytes begin with such a header, whose lengths are those of the bytes."""
    if len(data) < HEAD.size or data[0] != VERSION:
        return False
    _, _, size, sealed, *_ = HEAD.unpack_from(data)
    return bool(HEAD.size + size + sealed == len(data))


def read_piv(data: bytes) -> PivRecord:
    """All of a record; RECORD_UNREADABLE where it is none, or its length is not as it says."""
    if not is_piv(data):
        raise unreadable("it has no PIV header, or is not as long as that says")
    _, security, size, _, owner, form, created, begins, ends, kind, level, quality, *rest = HEAD.unpack_from(data)
    creator, number, reserved = rest
    bir = Bir(
        data=data[HEAD.size : HEAD.size + size],
        format=Registered(str(owner), str(form)),
        types=(TYPES[kind],) if kind in TYPES else (),
        level=LEVELS.get(level >> LEVEL_BITS, ""),
        purpose="",
        quality=quality if quality >= 0 else None,
        created=_moment(created),
    )
    sealed = data[HEAD.size + size :]
    return PivRecord(bir, security, sealed, kind, level, quality, created, begins + ends, creator, number, reserved)


def write_piv(bir: Bir, creator: str, created: datetime) -> PivRecord:
    """A record of one block of data, without a signature; RECORD_UNREADABLE for what such a header cannot say."""
    kind = next((code for code, name in TYPES.items() if name in bir.types), None)
    level = next((bits for bits, name in LEVELS.items() if name == bir.level), 0)
    form = bir.format
    named = form is not None and form.organization.isdecimal() and form.type.isdecimal()
    encoded = creator.encode()
    if kind is None or not named or len(encoded) >= 18:  # noqa: PLR2004 (its length, with a zero after it)
        raise unreadable("a PIV header cannot say what it is of")
    quality = -2 if bir.quality is None else bir.quality
    made = PivRecord(
        bir=bir,
        security=0,
        sealed=b"",
        kind=kind,
        level=level << LEVEL_BITS,
        quality=quality,
        created=_packed(created),
        validity=2 * NO_MOMENT,
        creator=encoded.ljust(18, b"\0"),
        number=bytes(25),
        reserved=bytes(4),
    )
    return read_piv(made.encoded())


def _packed(moment: datetime) -> bytes:
    """Two decimal digits a byte, as a number, and a Z."""
    utc = moment.astimezone(UTC)
    return bytes([utc.year // 100, utc.year % 100, utc.month, utc.day, utc.hour, utc.minute, utc.second, ZONE])


def _moment(packed: bytes) -> str:
    """As xs:dateTime; empty where none is said."""
    century, year, month, day, hour, minute, second, zone = packed
    try:
        moment = datetime(100 * century + year, month, day, hour, minute, second, tzinfo=UTC)
        return moment.isoformat() if zone == ZONE else ""
    except ValueError:
        return ""

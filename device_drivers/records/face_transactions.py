"""A face as an ANSI/NIST-ITL transaction (NIST SP 500-290e3) with one Type-10 record."""

from datetime import datetime

from device_drivers.records.transactions import DATA, RS, US, tagged

VERSION, TRANSACTION, RECORD = b"0502", b"FACE", b"01"
LOSSLESS, COLOURS, UNSPECIFIED = b"JP2L", b"SRGB", b"0"
LONGEST_NAME = 36


def written(jpeg_2000: bytes, width: int, height: int, captured: datetime, agency: str) -> bytes:
    """A transaction with one face, a JPEG 2000 file of this size without loss, in sRGB.

    ``agency``: 1 to 36 letters, digits or hyphens; ValueError otherwise.
    """
    if not 0 < len(agency) <= LONGEST_NAME or not agency.replace("-", "").isalnum() or not agency.isascii():
        raise ValueError(f"An agency is named by 1 to {LONGEST_NAME} letters, digits or hyphens")
    name, day = agency.encode(), captured.strftime("%Y%m%d").encode()
    control = captured.strftime("%Y%m%d%H%M%S%f").encode()
    contents = RS.join((US.join((b"1", b"1")), US.join((b"10", RECORD))))
    first = [(2, VERSION), (3, contents), (4, TRANSACTION), (5, day), (7, name), (8, name), (9, control)]
    face = [
        (2, RECORD),
        (3, b"FACE"),
        (4, name),
        (5, day),
        (6, b"%d" % width),
        (7, b"%d" % height),
        (8, UNSPECIFIED),
        (9, b"1"),
        (10, b"1"),
        (11, LOSSLESS),
        (12, COLOURS),
        (13, UNSPECIFIED),
        (DATA, jpeg_2000),
    ]
    no_scale = [(11, b"00.00"), (12, b"00.00")]
    return tagged(1, [*first, *no_scale]).encoded() + tagged(10, face).encoded()

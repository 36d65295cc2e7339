"""A WSQ file without what it says beside its picture."""

import re
from collections.abc import Iterator

from device_drivers.wsq.segments import SIGNATURE, Marker, segments
from device_drivers.wsq.writing import segment

NIST_COMMENT = b"NIST_COM"
NUMBERS = rb"(?:PIX_WIDTH|PIX_HEIGHT|PIX_DEPTH|PPI|LOSSY|WSQ_BITRATE) -?[\d.]{1,12}"
FACTS = re.compile(rb"^(?:%s|COLORSPACE GRAY|COMPRESSION WSQ)$" % NUMBERS, re.MULTILINE)
END = Marker.END.to_bytes(2, "big")


def without_comments(data: bytes) -> bytes:
    """The same tables and coded blocks, bit by bit, and of comments only what NIST's says of size and resolution.

    DamagedError, struct.error, ValueError where it is no WSQ file or ends early.
    """
    return b"".join((SIGNATURE, *_kept(data), END))


def _kept(data: bytes) -> Iterator[bytes]:
    for marker, body, coded in segments(data):
        if marker is not Marker.COMMENT:
            yield segment(marker, body) + coded
        elif body.startswith(NIST_COMMENT):
            facts = FACTS.findall(body)
            yield segment(marker, b"".join(b"%s\n" % each for each in (b"NIST_COM %d" % (len(facts) + 1), *facts)))

"""The log outside of the store: lines that anybody can check, and signed heads (anchors) that a third party keeps.

A line is one event: ``{"body": <canonical form>, "digest": <hex>}``. The digest of a line is SHA-256 over the digest of
the line before (32 zero bytes before the first) and the body's bytes. That is the whole of the format; docs/how_to says
how to check it in ten lines of any language.
"""

import json
from collections.abc import Iterable, Iterator

from biometric_service.audit import chain
from biometric_service.audit.chain import GENESIS, Head, Link
from biometric_service.errors import BiometricServiceError, ErrorCode

BEFORE_ALL = Head(0, GENESIS)


def lines(links: Iterable[Link]) -> Iterator[str]:
    """The events as lines."""
    for kept in links:
        yield json.dumps({"body": kept.body.decode("ascii"), "digest": kept.digest.hex()}, separators=(",", ":"))


def verify_lines(exported: Iterable[str], kept: Head = BEFORE_ALL) -> Head:
    """Check an export from its first event; returns where it ends. AUDIT_CHAIN_BROKEN names what is wrong first.

    ``kept``: a head from outside; AUDIT_ROLLED_BACK where the export does not go on from it.
    """
    head, there = BEFORE_ALL, None
    for line in exported:
        head = _next(head, line)
        if head.count == kept.count:
            there = head.digest
    require_extension(kept, there)
    return head


def require_extension(kept: Head, digest_there: bytes | None) -> None:
    """AUDIT_ROLLED_BACK unless the present log has, at the anchor's place, the event that the anchor has seen.

    ``digest_there``: digest of the present log's event with the anchor's number, None where the log is shorter.
    """
    if kept.count and digest_there != kept.digest:
        fault = "is shorter than" if digest_there is None else "is another than"
        raise BiometricServiceError(
            ErrorCode.AUDIT_ROLLED_BACK,
            f"The audit log {fault} the one that was anchored at event {kept.count}.",
            "An older or another database was put in its place: keep it as evidence, and restore the newest backup.",
        )


def _next(head: Head, line: str) -> Head:
    number = head.count + 1
    try:
        fields = json.loads(line)
        body, digest = fields["body"].encode("ascii"), bytes.fromhex(fields["digest"])
        in_place = json.loads(body)["number"] == number
    except (ValueError, KeyError, TypeError, AttributeError):
        raise chain.broken(number, "cannot be read") from None
    if not in_place:
        raise chain.broken(number, "is missing or out of place")
    if digest != chain.digest_of(head.digest, body):
        raise chain.broken(number, "was changed")
    return Head(number, digest)

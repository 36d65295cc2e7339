"""What the store says of itself to third parties, signed: heads of its audit log (anchors), and which keys are its.

A renewal of the keys changes the signing key; the event of the renewal names the one before and the one after, so that
statements made before it are still known to be the store's.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.statements import Statement, read_statement, state

ANCHOR = "audit-anchor"
FORMER_KEY = "former_public_key"
_EVENTS_A_READ = 1000


def anchor(opened: OpenedStore) -> str:
    """A signed head of the audit log, on one line."""
    with opened.database.reading() as connection:
        count, digest = opened.log.head(connection)
        fields = {"kind": ANCHOR, "events": count, "digest": digest, "at": datetime.now(UTC).isoformat()}
        return state(fields, opened.keys.current)


def check_anchor(opened: OpenedStore, kept: str) -> int:
    """Prove that the present log goes on from an anchor; returns how many events that one had.

    SIGNATURE_INVALID, AUDIT_ROLLED_BACK.
    """
    statement = own_statement(opened, kept, ANCHOR)
    count, digest = int(statement.fields["events"]), str(statement.fields["digest"])
    with opened.database.reading() as connection:
        opened.log.require_extension(connection, count, digest)
    return count


def anchored_head(kept: str) -> tuple[int, bytes]:
    """How many events an anchor of whichever store has seen, and the digest of the last one; SIGNATURE_INVALID."""
    fields = read_statement(kept).fields
    try:
        if fields["kind"] == ANCHOR:
            return int(fields["events"]), bytes.fromhex(fields["digest"])
    except (KeyError, ValueError, TypeError):
        pass
    raise BiometricServiceError(
        ErrorCode.SIGNATURE_INVALID, "The statement is no anchor of an audit log.", "Give what `audit anchor` printed."
    )


def own_statement(opened: OpenedStore, text: str, kind: str) -> Statement:
    """A statement that this very store signed; SIGNATURE_INVALID for one of another store or kind."""
    statement = read_statement(text)
    if statement.public_key not in own_keys(opened) or statement.fields.get("kind") != kind:
        raise BiometricServiceError(
            ErrorCode.SIGNATURE_INVALID,
            "The statement is not one of this store, or of another kind.",
            "Check that file and store belong together; if they do, the store was replaced by another.",
        )
    return statement


def own_keys(opened: OpenedStore) -> frozenset[str]:
    """The public keys (hex) that this store signs with, or did before its key was renewed."""
    return frozenset({opened.keys.current.public_key.hex(), *_former_keys(opened)})


def _former_keys(opened: OpenedStore) -> Iterator[str]:
    after = 0
    while page := opened.store.events(after, _EVENTS_A_READ):
        for recorded in page:
            if recorded.event.kind is EventKind.STORE_KEY_RENEWED:
                yield recorded.event.details.get(FORMER_KEY, "")
        after = page[-1].number

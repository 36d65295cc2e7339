"""How rows of what other agencies sent are sealed: each blob is bound to its table, its row and its column."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, func, select, update

from biometric_service.references.protection import Binding, StoreKey
from biometric_service.references.transaction_tables import HeldTransactionRow, LatentRow

UNSEALED: Final = b"unsealed:"
"""What facts begin with that a migration, which has no key, has put together from columns of before."""


def binding(row: type[HeldTransactionRow | LatentRow], name: str, part: str) -> Binding:
    """Binds a blob to the row with this id, and to the column that it lies in."""
    return Binding(f"{row.__tablename__} {name} {part}".encode())


def sealed_facts(
    key: StoreKey, row: type[HeldTransactionRow | LatentRow], name: str, facts: Mapping[str, str]
) -> bytes:
    """What is known of a row with this id beside its content."""
    return key.transactions.seal(json.dumps(facts).encode(), binding(row, name, "facts"))


def opened_facts(
    key: StoreKey, row: type[HeldTransactionRow | LatentRow], name: str, sealed: bytes
) -> Mapping[str, str]:
    """What ``sealed_facts`` made; RECORD_TAMPERED."""
    facts: Mapping[str, str] = json.loads(key.transactions.open(sealed, binding(row, name, "facts")))
    return facts


def seal_unsealed(connection: Connection, key: StoreKey) -> None:
    """Seal what a migration left to be sealed."""
    for row in (HeldTransactionRow, LatentRow):
        waiting = func.substr(row.facts, 1, len(UNSEALED)) == UNSEALED
        for number, name, facts in connection.execute(select(row.number, row.id, row.facts).where(waiting)).all():
            said = json.loads(facts.removeprefix(UNSEALED))
            values = {"facts": sealed_facts(key, row, name, said)}
            connection.execute(update(row).where(row.number == number).values(**values))


def reseal_rows(
    connection: Connection,
    row: type[HeldTransactionRow | LatentRow],
    parts: Sequence[str],
    present: StoreKey,
    new: StoreKey,
) -> None:
    """Put the blobs of every row under a new store key; RECORD_TAMPERED."""
    columns = [getattr(row, part) for part in parts]
    for number, name, *blobs in connection.execute(select(row.number, row.id, *columns)).all():
        values = {
            part: new.transactions.seal(present.transactions.open(blob, bound), bound)
            for part, blob in zip(parts, blobs, strict=True)
            if blob is not None
            for bound in (binding(row, name, part),)
        }
        connection.execute(update(row).where(row.number == number).values(**values))


def reseal_transactions(connection: Connection, present: StoreKey, new: StoreKey) -> None:
    """Put held transactions and latents under a new store key; RECORD_TAMPERED."""
    reseal_rows(connection, HeldTransactionRow, ("facts", "why", "sealed"), present, new)
    reseal_rows(connection, LatentRow, ("facts", "sealed", "mark"), present, new)

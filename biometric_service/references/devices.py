"""Registered devices in SQL (``vocabulary.protocols.DeviceStore``), and the proofs that they have used."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, or_, select, true, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.anchored import AnchoredRights
from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import DeviceRow, UsedProofRow
from biometric_service.references.refusals import check_name
from biometric_service.references.rights import RightsSeal, rights_columns, rights_of
from biometric_service.vocabulary.access import Device
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.slices import Standing

_COLUMNS = select(*DeviceRow.__table__.columns)


class SqlDeviceStore:
    """Keeps devices in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._seal = RightsSeal(lambda: keys.current.devices, "A device")
        self._log = log
        self._anchored = AnchoredRights(DeviceRow, log)

    def register(self, device: Device, event: AuditEvent) -> None:
        """Keep the device; DEVICE_EXISTS for an id that was ever given, or a certificate of another one in force."""
        check_name(device.id, "id of the device")
        check_name(device.name, "name of the device")
        row = {
            **rights_columns(device),
            "certificate": device.certificate,
            "fingerprint": hashlib.sha256(device.certificate).hexdigest(),
        }
        with self._database.writing() as connection:
            if self._taken(connection, device.id, row["fingerprint"]):
                raise _exists(device.id)
            connection.execute(insert(DeviceRow), self._seal.sealed(row))
            self._anchored.bind(connection)
            self._log.append(connection, event)

    def find(self, fingerprint: str) -> Device | None:
        """The device in force whose certificate has this SHA-256 (hex).

        RECORD_TAMPERED where it was changed, RIGHTS_REPLAYED where it was put back as it was before.
        """
        return self._found(DeviceRow.fingerprint == fingerprint)

    def named(self, device: str) -> Device | None:
        """The device in force with this id; RECORD_TAMPERED where it was changed."""
        return self._found(DeviceRow.id == device)

    def ever(self, device: str) -> tuple[Device, Standing] | None:
        """The device with this id and how it stands; RECORD_TAMPERED where it was changed."""
        with self._database.reading() as connection:
            row = next(iter(self._rows(connection, DeviceRow.id == device)), None)
            if row is None:
                return None
            standing = Standing.IN_FORCE if self._seal.in_force(row) else Standing.EXPIRED
        return _device(row), standing if row["revoked_at"] is None else Standing.REVOKED

    def revoke(self, device: str, event: AuditEvent) -> None:
        """End the device at once; DEVICE_UNKNOWN where none of this id is in force."""
        with self._database.writing() as connection:
            row = next(iter(self._rows(connection, DeviceRow.id == device)), None)
            if row is None or not self._seal.in_force(row):
                raise BiometricServiceError(
                    ErrorCode.DEVICE_UNKNOWN, f"There is no device {device!r} in force.", "Check its id."
                )
            revoked = self._seal.sealed({**row, "revoked_at": event.at.astimezone(UTC)})
            connection.execute(update(DeviceRow).where(DeviceRow.id == device).values(**revoked))
            self._anchored.bind(connection)
            self._log.append(connection, event)

    def devices(self) -> Sequence[Device]:
        """Every device that is neither revoked nor expired, by id."""
        with self._database.reading() as connection:
            rows = self._rows(connection, true())
            return [_device(row) for row in rows if self._seal.in_force(row)]

    def use(self, proof: str, until: datetime) -> bool:
        """Note that a proof was used; False where it was already. It is forgotten after ``until``."""
        now = datetime.now(UTC)
        with self._database.writing() as connection:
            connection.execute(delete(UsedProofRow).where(UsedProofRow.until < now))
            if connection.scalar(select(UsedProofRow.id).where(UsedProofRow.id == proof)) is not None:
                return False
            connection.execute(insert(UsedProofRow).values(id=proof, until=until))
        return True

    def _found(self, which: ColumnElement[bool]) -> Device | None:
        with self._database.reading() as connection:
            rows = self._rows(connection, which)
            return next((_device(row) for row in rows if self._seal.in_force(row)), None)

    def _taken(self, connection: Connection, device: str, fingerprint: str) -> bool:
        same = self._rows(connection, or_(DeviceRow.id == device, DeviceRow.fingerprint == fingerprint))
        return any(row["id"] == device or self._seal.in_force(row) for row in same)

    def _rows(self, connection: Connection, which: ColumnElement[bool]) -> Sequence[RowMapping]:
        rows = connection.execute(_COLUMNS.where(which).order_by(DeviceRow.id)).mappings().all()
        for row in rows:
            self._anchored.require(connection, row["id"], row["seal"])
        return rows


def _device(row: RowMapping) -> Device:
    rights = rights_of(row)
    return Device(
        rights.id,
        rights.name,
        rights.scopes,
        rights.galleries,
        rights.purposes,
        rights.expires_at,
        row["certificate"],
        row["fingerprint"],
    )


def _exists(device: str) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.DEVICE_EXISTS,
        f"The device {device!r} or its certificate is registered already.",
        "Give another id, or revoke the device that has the certificate.",
    )

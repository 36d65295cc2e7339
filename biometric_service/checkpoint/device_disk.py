"""What a checkpoint keeps on its own disk, in one folder of its user's alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from biometric_service.checkpoint.identity import DeviceIdentity, destroy
from biometric_service.checkpoint.queue import EventQueue, MarkFile, local_key
from biometric_service.checkpoint.vault import Vault, wipe
from biometric_service.durable_files import write

_SLICE: Final = "slice.db"
_QUEUE: Final = "queue.db"
_MARK: Final = "mark"
_LOCAL_KEY: Final = "local.key"
_REVOKED: Final = "revoked.json"


@dataclass(frozen=True, slots=True)
class DeviceDisk:
    """``key_file``: of the device's private key, which is destroyed when the device is revoked.

    What waits in the queue outlives that: it is no part of the gallery, and no event may be lost.
    """

    folder: Path
    key_file: Path
    vault: Vault
    queue: EventQueue
    mark: MarkFile

    @property
    def locked(self) -> bool:
        """Whether the service has revoked this device."""
        return is_locked(self.folder)

    def lock(self, statement: str) -> None:
        """Wipe the slice and the key, and stay locked; ``statement``: by which the service says so."""
        write(self.folder / _REVOKED, statement.encode())
        destroy(self.key_file)
        self.vault.wipe()


def open_disk(folder: Path, identity: DeviceIdentity, key_file: Path) -> DeviceDisk:
    """The folder, made where there is none; SETTINGS_INVALID, RECORD_TAMPERED."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = local_key(folder / _LOCAL_KEY)
    return DeviceDisk(
        folder,
        key_file,
        Vault(folder / _SLICE, identity),
        EventQueue(folder / _QUEUE, key),
        MarkFile(folder / _MARK, key),
    )


def open_queue(folder: Path) -> EventQueue:
    """The queue alone, to look at what a revoked device still has to tell."""
    return EventQueue(folder / _QUEUE, local_key(folder / _LOCAL_KEY))


def is_locked(folder: Path) -> bool:
    """Whether the service has revoked the device of this folder."""
    return (folder / _REVOKED).exists()


def wipe_locked(folder: Path) -> None:
    """Destroy the slice of a revoked device, where the power went before that was done."""
    wipe(folder / _SLICE)

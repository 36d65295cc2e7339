"""Where the master key comes from: a file of the service's own, the environment, systemd, or a PKCS#11 token."""

import os
import secrets
import stat
from abc import abstractmethod
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from biometric_service.durable_files import making
from biometric_service.references.key_faults import unusable
from biometric_service.references.protection import KEY_BYTES, MasterKey
from biometric_service.references.token_keys import TokenKey, parse_uri

CREDENTIAL = "master-key"


class MasterKeyProvider(Protocol):
    """Gives the master key."""

    def open(self, *, create: bool) -> MasterKey:
        """The key; ``create``: the store is new, so that a fresh one may be made. KEY_UNUSABLE where there is none."""


class _HeldKey:
    """A provider whose key this process holds, 32 bytes."""

    def open(self, *, create: bool) -> MasterKey:
        """The key; KEY_UNUSABLE where there is none."""
        return MasterKey.of(self.master_key(create=create))

    @abstractmethod
    def master_key(self, *, create: bool) -> bytes:
        """The key's bytes; KEY_UNUSABLE."""


class KeyFile(_HeldKey):
    """A file with 64 hexadecimal digits that only its owner, this user or root, may read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def master_key(self, *, create: bool) -> bytes:
        """The key; made from fresh randomness, in mode 0600, where the store is new and there is no file."""
        if create and not self._path.exists():
            try:
                self._create()
            except OSError:
                raise unusable("No master key file can be made.", "Check its folder, rights and disk.") from None
        return _from_hex(self._read(), "The master key file")

    def _create(self) -> None:
        """Whole or not at all; where another process was first, its key stands."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileExistsError), making(self._path) as file:
            file.write(secrets.token_hex(KEY_BYTES).encode() + b"\n")

    def _read(self) -> str:
        try:
            with self._path.open(encoding="ascii") as file:
                _check_private(os.fstat(file.fileno()))
                return file.read(1024)
        except (OSError, UnicodeDecodeError):
            raise unusable(
                "The master key file is missing or cannot be read.",
                "Restore it from where you keep it: without it the store cannot be opened by anybody.",
            ) from None


class KeyFromEnvironment(_HeldKey):
    """64 hexadecimal digits that the settings hold."""

    def __init__(self, value: str) -> None:
        self._value = value

    def master_key(self, *, create: bool) -> bytes:  # noqa: ARG002
        """The key; never made here."""
        return _from_hex(self._value, "The master key in the environment")


class SystemdCredential(_HeldKey):
    """A credential (``LoadCredential=master-key:...``): 64 hexadecimal digits or 32 bytes; systemd guards the file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def master_key(self, *, create: bool) -> bytes:  # noqa: ARG002
        """The key; never made here."""
        try:
            value = self._path.read_bytes()
        except OSError:
            raise unusable("The master key credential cannot be read.", "Check LoadCredential in the unit.") from None
        if len(value) == KEY_BYTES:
            return value
        return _from_hex(value.decode("ascii", "replace"), "The master key credential")


def choose_master_key(value: str, file: Path, uri: str = "") -> MasterKeyProvider:
    """The value where one is set, else the token's key, else systemd's credential where there is one, else the file."""
    credential = Path(os.environ.get("CREDENTIALS_DIRECTORY", "")) / CREDENTIAL
    if value:
        return KeyFromEnvironment(value)
    if uri:
        return TokenKey(parse_uri(uri))
    if "CREDENTIALS_DIRECTORY" in os.environ and credential.exists():
        return SystemdCredential(credential)
    return KeyFile(file)


def named_master_key(name: str) -> MasterKeyProvider:
    """The key at ``pkcs11:...``, in the variable of ``env:NAME``, in ``credential:FILE``, or in a file of our own."""
    kind, _, rest = name.partition(":")
    if kind == "pkcs11":
        return TokenKey(parse_uri(name))
    if kind == "env":
        return KeyFromEnvironment(os.environ.get(rest, ""))
    if kind == "credential":
        return SystemdCredential(Path(rest))
    return KeyFile(Path(name))


def _check_private(status: os.stat_result) -> None:
    shared = stat.S_IMODE(status.st_mode) & 0o077
    if shared or status.st_uid not in {0, os.geteuid()}:
        raise unusable(
            "The master key file can be read by others.",
            "Give it to the service's own user, take everybody else's rights (chmod 600), and consider the key known.",
        )


def _from_hex(text: str, what: str) -> bytes:
    digits = text.strip()
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES or len(digits) != 2 * KEY_BYTES:
        raise unusable(f"{what} is not 64 hexadecimal digits.", "Make one with `openssl rand -hex 32`, or restore it.")
    return key

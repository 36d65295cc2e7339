"""A folder on somebody's server, written to by SFTP: the host's key is pinned, and a file is there whole or not at all.

paramiko is an extra (``sftp``), imported when a drop is first opened.
"""

import base64
import io
import posixpath
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from biometric_service.errors import BiometricServiceError, ErrorCode

if TYPE_CHECKING:
    import paramiko

PORT = 22
SECONDS = 20.0
LARGEST_FILE = 1_000_000


@dataclass(frozen=True, slots=True)
class SftpAddress:
    """Where a drop is; ``host_key``: type and base64 as in ``known_hosts``, the only key that is taken."""

    host: str
    port: int
    folder: str
    user: str
    host_key: str

    @classmethod
    def of(cls, url: str, user: str, host_key: str) -> "SftpAddress":
        """From ``sftp://host[:port]/folder``."""
        parts = urlsplit(url)
        return cls(parts.hostname or "", parts.port or PORT, unquote(parts.path) or "/", user, host_key)


class Drop:
    """A folder on the other side."""

    def __init__(self, client: "paramiko.SFTPClient", folder: str) -> None:
        self._client = client
        self._folder = folder

    def put(self, name: str, data: bytes) -> None:
        """Write a file under a passing name and rename it once it is whole, over one that is there; DELIVERY_FAILED."""
        target = posixpath.join(self._folder, name)
        passing = posixpath.join(self._folder, f".{name}.part")
        with _failing():
            self._client.putfo(io.BytesIO(data), passing, len(data))
            self._client.posix_rename(passing, target)

    def get(self, name: str) -> bytes | None:
        """A file of up to a megabyte, None where there is none; DELIVERY_FAILED."""
        with _failing():
            try:
                with self._client.open(posixpath.join(self._folder, name), "rb") as file:
                    return bytes(file.read(LARGEST_FILE))
            except FileNotFoundError:
                return None


@contextmanager
def open_drop(address: SftpAddress, private_key: str) -> Iterator[Drop]:
    """The folder, for as long as the context lasts; DELIVERY_FAILED, also where the host shows another key."""
    import paramiko  # noqa: PLC0415 - an extra

    with _failing():
        line = socket.create_connection((address.host, address.port), SECONDS)
        transport = paramiko.Transport(line)
    try:
        transport.banner_timeout = transport.auth_timeout = SECONDS
        with _failing():
            transport.connect(_host_key(address.host_key), address.user, pkey=_own_key(private_key))
            client = paramiko.SFTPClient.from_transport(transport)
        assert client is not None
        client.get_channel().settimeout(SECONDS)
        yield Drop(client, address.folder)
    finally:
        with suppress(Exception):
            transport.close()
        line.close()


def _host_key(written: str) -> "paramiko.PKey":
    import paramiko  # noqa: PLC0415 - an extra

    kind, _, data = written.partition(" ")
    return paramiko.PKey.from_type_string(kind, base64.b64decode(data.split(" ")[0]))


def _own_key(text: str) -> "paramiko.PKey":
    import paramiko  # noqa: PLC0415 - an extra

    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        with suppress(paramiko.SSHException, ValueError):
            return kind.from_private_key(io.StringIO(text + "\n"))
    raise ValueError("no private key that can be used")


@contextmanager
def _failing() -> Iterator[None]:
    """Whatever goes wrong between two machines, as DELIVERY_FAILED."""
    import paramiko  # noqa: PLC0415 - an extra

    try:
        yield
    except (OSError, EOFError, ValueError, paramiko.SSHException, paramiko.pkey.UnknownKeyType) as fault:
        raise BiometricServiceError(
            ErrorCode.DELIVERY_FAILED,
            f"The file drop could not be used ({type(fault).__name__}).",
            "Check its address, user, folder and pinned host key with the agency.",
        ) from None

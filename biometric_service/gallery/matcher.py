"""The one process of a machine that holds the indexes, and what it does for the others over a Unix socket."""

import logging
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from threading import Event, Thread
from typing import Protocol

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.gallery.wire import Head, fault_head, receive, send
from biometric_service.templates import native
from biometric_service.vocabulary.candidates import Probe, Shortlist
from biometric_service.vocabulary.protocols import GalleryIndex
from biometric_service.vocabulary.references import GalleryId
from biometric_service.vocabulary.samples import Modality

_CREDENTIALS = struct.Struct("3i")
_BACKLOG = 64

log = logging.getLogger(__name__)


class IndexFollower(Protocol):
    """Keeps the indexes in step with the store."""

    def catch_up(self) -> None:
        """Apply what the store has changed since the last time."""

    def behind(self) -> int:
        """How many changes the indexes lag behind the store."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the process holds for all others."""

    indexes: Mapping[Modality, GalleryIndex]
    follower: IndexFollower


class Matcher:
    """Answers searches on a socket that only its own user may reach, a thread for each connection.

    ``held``: gives what is held at the moment; what it raises is the answer to whoever asks.
    """

    def __init__(self, held: Callable[[], Held], path: Path, owner: int) -> None:
        self._held = held
        self._owner = owner
        self._listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listening.bind(str(path))
        path.chmod(0o600)
        self._listening.listen(_BACKLOG)
        self._ending = Event()
        self._does: Mapping[str, Callable[[Head, bytes], Head]] = {
            "search": self._search,
            "catch_up": self._catch_up,
            "behind": self._behind,
            "size": self._size,
        }

    def serve(self) -> None:
        """Answer until closed."""
        while not self._ending.is_set():
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            Thread(target=self._attend, args=(connection,), daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._ending.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _attend(self, connection: socket.socket) -> None:
        with connection, suppress(EOFError, OSError, ValueError):
            if _user_of(connection) != self._owner:
                return
            while True:
                head, body = receive(connection)
                send(connection, self._answer(head, body))

    def _answer(self, head: Head, body: bytes) -> Head:
        try:
            return self._does[head["do"]](head, body)
        except BiometricServiceError as fault:
            return fault_head(fault)
        except Exception:
            log.exception("the matcher failed to answer")
            return fault_head(
                BiometricServiceError(ErrorCode.INTERNAL, "The search failed.", "Report it to the operator.")
            )

    def _search(self, head: Head, body: bytes) -> Head:
        ends = list(accumulate(head["lengths"], initial=0))
        templates = [native.decode(body[begin:end]) for begin, end in pairwise(ends)]
        probes = [
            Probe(template, GalleryId(gallery)) for template, gallery in zip(templates, head["galleries"], strict=True)
        ]
        held = self._held()
        held.follower.catch_up()
        found = held.indexes[Modality(head["modality"])].search_together(probes, head["limit"])
        return {"shortlists": [_shortlist_head(each) for each in found]}

    def _catch_up(self, _: Head, __: bytes) -> Head:
        self._held().follower.catch_up()
        return {}

    def _behind(self, _: Head, __: bytes) -> Head:
        return {"behind": self._held().follower.behind()}

    def _size(self, head: Head, _: bytes) -> Head:
        index = self._held().indexes[Modality(head["modality"])]
        return {"size": len(index), "applied": index.applied}


def _shortlist_head(found: Shortlist) -> Head:
    """A shortlist without its probe, which the other side has."""
    return {
        "entries": [[entry.reference, entry.subject, entry.raw] for entry in found.entries],
        "searched": found.searched,
        "complete": found.complete,
        "applied": found.applied,
    }


def _user_of(connection: socket.socket) -> int:
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    user: int = _CREDENTIALS.unpack(credentials)[1]
    return user

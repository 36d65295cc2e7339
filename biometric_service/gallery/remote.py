"""Indexes that another process of this machine holds (see ``matcher``), for those that serve requests."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, LifoQueue

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.gallery.wire import Head, receive, require_no_fault, send
from biometric_service.templates import native
from biometric_service.vocabulary.candidates import Probe, Shortlist, ShortlistEntry
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.references import Change, ChangeNumber, ReferenceId, SubjectId

PATIENCE_S = 60.0


class MatcherLink:
    """Connections to the matcher, kept for the next question; safe in threads.

    Every question raises INDEX_UNAVAILABLE where the matcher does not answer: nothing is then known of the gallery.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: LifoQueue[socket.socket] = LifoQueue()

    def ask(self, head: Head, body: bytes = b"") -> Head:
        """The answer to one question; asked once more where the matcher was started anew meanwhile."""
        try:
            answer = self._asked(head, body)
        except BiometricServiceError:
            self.close()
            answer = self._asked(head, body)
        return require_no_fault(answer)

    def close(self) -> None:
        """Close the connections that are idle."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    def _asked(self, head: Head, body: bytes) -> Head:
        with self._connection() as connection:
            send(connection, head, body)
            return receive(connection)[0]

    @contextmanager
    def _connection(self) -> Iterator[socket.socket]:
        """A connection that goes back to the idle ones unless something went wrong on it."""
        connection = self._taken()
        try:
            yield connection
        except (OSError, EOFError, ValueError):
            connection.close()
            raise _unavailable() from None
        except BaseException:
            connection.close()
            raise
        self._idle.put(connection)

    def _taken(self) -> socket.socket:
        try:
            return self._idle.get_nowait()
        except Empty:
            return self._connected()

    def _connected(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(PATIENCE_S)
        try:
            connection.connect(str(self._path))
        except OSError:
            connection.close()
            raise _unavailable() from None
        return connection


class RemoteGallery:
    """Implements ``GalleryIndex`` on the matcher's index; the matcher follows the store by itself."""

    def __init__(self, comparator: Comparator, link: MatcherLink) -> None:
        self.format = comparator.format
        self._link = link
        self._head = {"modality": comparator.format.modality.value}

    def __len__(self) -> int:
        """How many references the index holds."""
        return int(self._link.ask({"do": "size", **self._head})["size"])

    @property
    def applied(self) -> ChangeNumber:
        """The number of the last change that the index took."""
        return ChangeNumber(self._link.ask({"do": "size", **self._head})["applied"])

    def apply(self, number: ChangeNumber, change: Change) -> None:
        """Nothing: the matcher takes changes from the store."""

    def expect(self, number: ChangeNumber) -> None:
        """Nothing: the matcher knows."""

    def search(self, probe: Probe, limit: int) -> Shortlist:
        """As ``GalleryIndex``."""
        return self.search_together([probe], limit)[0]

    def search_together(self, probes: Sequence[Probe], limit: int) -> tuple[Shortlist, ...]:
        """As ``GalleryIndex``."""
        templates = [native.encode(probe.template) for probe in probes]
        asked = {
            "do": "search",
            **self._head,
            "galleries": [probe.gallery for probe in probes],
            "lengths": [len(template) for template in templates],
            "limit": limit,
        }
        found = self._link.ask(asked, b"".join(templates))["shortlists"]
        return tuple(_shortlist(probe, each) for probe, each in zip(probes, found, strict=True))


def _shortlist(probe: Probe, found: Head) -> Shortlist:
    entries = tuple(
        ShortlistEntry(ReferenceId(reference), SubjectId(subject), raw) for reference, subject, raw in found["entries"]
    )
    return Shortlist(probe, entries, found["searched"], found["complete"], ChangeNumber(found["applied"]))


class RemoteFollower:
    """The matcher's follower."""

    def __init__(self, link: MatcherLink) -> None:
        self._link = link

    def catch_up(self) -> None:
        """Have the matcher apply all that was committed before the call."""
        self._link.ask({"do": "catch_up"})

    def before_search(self) -> None:
        """Nothing: the matcher catches up before every search."""

    def behind(self) -> int:
        """How many changes the matcher's indexes lag behind the store."""
        return int(self._link.ask({"do": "behind"})["behind"])


def _unavailable() -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.INDEX_UNAVAILABLE,
        "The process that holds the galleries does not answer.",
        "Try again shortly; it is started anew by itself.",
    )

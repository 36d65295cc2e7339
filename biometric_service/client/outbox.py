"""Reports on disk until the service has noted them: a crash, a cut cable or a night without the service loses none."""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS reports (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, content TEXT, state TEXT NOT NULL, why TEXT NOT NULL DEFAULT ''
)
"""
WAITING, SENT, REFUSED = "waiting", "sent", "refused"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report that is to be sent. ``id``: the same when it comes again; ``content``: as it was put there."""

    id: str
    content: str


class Outbox:
    """A queue in a file of its owner's alone. Of what was sent only the id is kept, so that it is not sent again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        with self._opened() as store:
            store.execute("PRAGMA journal_mode=WAL")
            store.execute(SCHEMA)

    def put(self, reports: Sequence[Waiting]) -> None:
        """Keep what is not there already; on disk once this returns."""
        rows = [(each.id, each.content, WAITING) for each in reports]
        with self._opened() as store:
            store.executemany("INSERT OR IGNORE INTO reports (id, content, state) VALUES (?, ?, ?)", rows)

    def first(self) -> Waiting | None:
        """What has waited longest."""
        with self._opened() as store:
            found = store.execute(
                "SELECT id, content FROM reports WHERE state = ? ORDER BY number", (WAITING,)
            ).fetchone()
        return Waiting(*found) if found else None

    def waiting(self) -> Sequence[Waiting]:
        """All that waits, in order."""
        with self._opened() as store:
            rows = store.execute("SELECT id, content FROM reports WHERE state = ? ORDER BY number", (WAITING,))
            return [Waiting(*row) for row in rows]

    def set_aside(self) -> Sequence[tuple[Waiting, str]]:
        """All that was refused, in order, each with the reason."""
        with self._opened() as store:
            rows = store.execute("SELECT id, content, why FROM reports WHERE state = ? ORDER BY number", (REFUSED,))
            return [(Waiting(report, content), why) for report, content, why in rows]

    def again(self) -> None:
        """Let all that was refused wait once more, where what was in its way is mended."""
        with self._opened() as store:
            store.execute("UPDATE reports SET state = ?, why = '' WHERE state = ?", (WAITING, REFUSED))

    def sent(self, report: str) -> None:
        """The service has noted it."""
        with self._opened() as store:
            store.execute("UPDATE reports SET state = ?, content = NULL WHERE id = ?", (SENT, report))

    def refused(self, report: str, why: str) -> None:
        """It will never be noted as it is: it stays, with the reason, for somebody to look at."""
        with self._opened() as store:
            store.execute("UPDATE reports SET state = ?, why = ? WHERE id = ?", (REFUSED, why, report))

    def counts(self) -> dict[str, int]:
        """How many are ``waiting``, ``sent`` and ``refused``."""
        with self._opened() as store:
            found = dict(store.execute("SELECT state, count(*) FROM reports GROUP BY state").fetchall())
        return {state: found.get(state, 0) for state in (WAITING, SENT, REFUSED)}

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """One transaction, synced to the disk at its end."""
        with closing(sqlite3.connect(self._path, timeout=30)) as store:
            store.execute("PRAGMA synchronous=FULL")
            store.execute("PRAGMA secure_delete=ON")
            with store:
                yield store

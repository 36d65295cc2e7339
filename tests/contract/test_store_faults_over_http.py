"""A running service whose database fails answers with the code of the fault, and goes on by itself afterwards."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import make_url
from sqlalchemy.event import listen

from biometric_service.errors import ErrorCode
from tests.contract.conftest import DATABASES, PostgresqlServer
from tests.contract.small_disk import drop_connections, fill, small_disk
from tests.live_service import OPERATIONS, LiveService, live_service, without_models
from tests.waiting import eventually

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
MOST_REQUESTS = 3000


@pytest.fixture
def disk() -> Iterator[Path]:
    with small_disk() as folder:
        yield folder


@pytest.fixture(params=DATABASES)
def live(request: pytest.FixtureRequest, disk: Path, tmp_path: Path) -> Iterator[LiveService]:
    """A service whose rows lie on the small disk, with one person in it."""
    url = f"sqlite:///{disk}/store.db"
    if request.param == "postgresql":
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        url = server.new_database_in(disk)
    with live_service(without_models(tmp_path, database_url=url)) as live:
        live.gallery("ours")
        live.subject("P-1", "ours")
        yield live
    if request.param == "postgresql":
        server.drop_database_in()


def read(client: httpx.Client) -> httpx.Response:
    """A read of a person, which is an event, and so a write."""
    return client.get(f"{OPERATIONS}/subjects/P-1", params={"purpose": "visit"})


def first_refusal(client: httpx.Client) -> httpx.Response:
    return next(answer for answer in (read(client) for _ in range(MOST_REQUESTS)) if answer.status_code != 200)


def refused(answer: httpx.Response) -> ErrorCode:
    """The code of a problem that is worth trying again, with nothing of the machine in it."""
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert not any(word in answer.text for word in ("Traceback", "sqlite", "psycopg", "/tmp"))
    return ErrorCode(answer.json()["code"])


def test_a_full_disk_is_store_full_until_there_is_room(live: LiveService, disk: Path) -> None:
    client, ballast = live.client(live.key()), disk / "ballast"
    assert read(client).status_code == 200
    fill(disk, ballast, 40_000)
    assert refused(first_refusal(client)) is ErrorCode.STORE_FULL
    ballast.unlink()
    assert read(client).status_code == 200
    live.service.verify_audit()


def test_a_read_only_file_is_store_read_only_until_it_is_writable(tmp_path: Path) -> None:
    """No disk with files that are open for writing can be mounted read-only: SQLite is told to behave as if it were."""
    with live_service(without_models(tmp_path)) as live:
        live.gallery("ours")
        live.subject("P-1", "ours")
        client, only = live.client(live.key()), ["ON"]
        assert live.service.snapshots
        readers = live.service.snapshots.opened.database.readers
        listen(readers, "checkout", lambda raw, *_: raw.execute(f"PRAGMA query_only={only[0]}").close())
        assert refused(first_refusal(client)) is ErrorCode.STORE_READ_ONLY
        only[0] = "OFF"
        assert read(client).status_code == 200
        live.service.verify_audit()


@pytest.mark.skipif("postgresql" not in DATABASES, reason="PostgreSQL is not installed")
@pytest.mark.parametrize("stopped", [True, False], ids=["restart", "connections lost"])
def test_a_server_that_restarts_or_drops_connections_is_store_unavailable_for_a_moment(
    postgresql_server: PostgresqlServer, tmp_path: Path, *, stopped: bool
) -> None:
    url = postgresql_server.new_database()
    with live_service(without_models(tmp_path, database_url=url)) as live:
        live.gallery("ours")
        live.subject("P-1", "ours")
        key, answers, over = live.key(), list[httpx.Response](), threading.Event()

        def ask() -> None:
            client = live.client(key)
            while not over.is_set():
                answers.append(read(client))

        asking = [threading.Thread(target=ask) for _ in range(4)]
        for each in asking:
            each.start()
        if stopped:
            postgresql_server.control("stop")
            eventually(lambda: any(each.status_code != 200 for each in answers))
            postgresql_server.control("start")
        else:
            for _ in range(20):
                drop_connections(make_url(url))
        over.set()
        for each in asking:
            each.join()
        codes = {refused(each) for each in answers if each.status_code != 200}
        assert codes == {ErrorCode.STORE_UNAVAILABLE} if stopped else codes <= {ErrorCode.STORE_UNAVAILABLE}
        assert read(live.client(key)).status_code == 200
        events = live.service.verify_audit()
        assert events >= sum(each.status_code == 200 for each in answers)

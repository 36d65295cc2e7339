"""ZKTeco terminals on the wire: what they push comes as typed events, is acknowledged once kept, and is never lost."""

import asyncio
import http.client
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from benchmarks.free_port import free_port
from device_drivers.errors import DeviceError
from device_drivers.zkteco.events import Attendance, Direction, Event, Unreadable, Verification, read
from device_drivers.zkteco.receiver import Terminals, receiving

BELIZE = Terminals(frozenset({"CQZ7"}), ZoneInfo("America/Belize"))
LINES = "104\t2026-03-04 06:30:00\t1\t15\t0\t0\n7\t2026-03-04 06:31:00\t0\t1\n"
ATTENDANCE = "/iclock/cdata?SN=CQZ7&table=ATTLOG&Stamp=9999"


def ask(port: int, verb: str, target: str, body: str = "") -> tuple[int, str]:
    """What a terminal asks, by the standard library's own client."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(verb, target, body.encode())
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


def pushed(*questions: tuple[str, str, str], fails: int = 0) -> tuple[list[tuple[int, str]], list[Event]]:
    kept: list[Event] = []
    left = [None] * fails

    async def keep(events: Sequence[Event]) -> None:
        if left:
            left.pop()
            raise OSError
        kept.extend(events)

    async def run() -> list[tuple[int, str]]:
        async with receiving("127.0.0.1", 0, BELIZE, keep) as port:
            return [await asyncio.to_thread(ask, port, *question) for question in questions]

    return asyncio.run(run()), kept


def test_a_terminal_introduces_itself_pushes_and_asks_for_commands() -> None:
    answers, kept = pushed(
        ("GET", "/iclock/cdata?SN=CQZ7&options=all&pushver=2.4.1", ""),
        ("POST", ATTENDANCE, LINES),
        ("GET", "/iclock/getrequest?SN=CQZ7", ""),
    )
    assert answers[0][0] == 200
    assert answers[0][1].startswith("GET OPTION FROM: CQZ7\n")
    assert answers[1:] == [(200, "OK: 2"), (200, "OK")]
    first, second = kept
    assert isinstance(first, Attendance)
    assert isinstance(second, Attendance)
    assert (first.pin, first.direction, first.verification) == ("104", Direction.OUT, Verification.FACE)
    assert first.at == datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
    assert (second.pin, second.direction, second.verification) == ("7", Direction.IN, Verification.FINGERPRINT)


def test_what_was_not_kept_is_not_acknowledged_and_is_the_same_event_when_sent_again() -> None:
    answers, kept = pushed(
        ("POST", ATTENDANCE, LINES), ("POST", ATTENDANCE, LINES), ("POST", ATTENDANCE, LINES), fails=1
    )
    assert [status for status, _ in answers] == [503, 200, 200]
    assert len(kept) == 4
    assert len({event.id for event in kept}) == 2


def test_a_terminal_that_is_not_registered_is_turned_away() -> None:
    answers, kept = pushed(("POST", ATTENDANCE.replace("CQZ7", "OTHER"), LINES))
    assert answers[0][0] == 403
    assert kept == []


@pytest.mark.parametrize(
    "line", ["", "x", "104\tyesterday\t1\t1", "\t2026-03-04 06:30:00\t1\t1", "1\t2026-03-04 06:30:00"]
)
def test_a_line_that_is_no_event_is_kept_as_it_is(line: str) -> None:
    found = list(read("CQZ7", line + "\n" + LINES, BELIZE.zone))
    assert [event.line for event in found if isinstance(event, Unreadable)] == ([line] if line else [])
    assert len([event for event in found if isinstance(event, Attendance)]) == 2


def test_numbers_that_nobody_knows_are_named_as_such() -> None:
    [event] = read("CQZ7", "1\t2026-03-04 06:30:00\t77\t88", BELIZE.zone)
    assert isinstance(event, Attendance)
    assert (event.direction, event.verification) == (Direction.UNKNOWN, Verification.OTHER)


@pytest.mark.parametrize(
    "sent", [b"nonsense\r\n\r\n", b"POST /iclock/cdata HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n"]
)
def test_what_no_terminal_sends_is_refused(sent: bytes) -> None:
    def refused(port: int) -> bytes:
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(sent)
            return connection.recv(100)

    async def run(ask_it: Callable[[int], bytes]) -> bytes:
        async def keep(_: Sequence[Event]) -> None:
            """Nothing comes."""

        async with receiving("127.0.0.1", 0, BELIZE, keep) as port:
            return await asyncio.to_thread(ask_it, port)

    assert asyncio.run(run(refused)).startswith(b"HTTP/1.1 400 ")


def test_a_port_that_is_taken_is_busy() -> None:
    async def keep(_: Sequence[Event]) -> None:
        """Nothing comes."""

    async def run() -> None:
        async with receiving("127.0.0.1", 0, BELIZE, keep) as port, receiving("127.0.0.1", port, BELIZE, keep):
            pass

    with pytest.raises(DeviceError, match="busy"):
        asyncio.run(run())


def test_the_command_prints_events_as_lines_of_json() -> None:
    port = free_port()
    command = [sys.executable, "-m", "device_drivers.zkteco", "--serial", "CQZ7", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert _patiently(port) == (200, "OK: 2")
        event = json.loads(process.stdout.readline())
        process.terminate()
    assert (event["pin"], event["at"], event["direction"]) == ("104", "2026-03-04T06:30:00+00:00", "out")


def _patiently(port: int) -> tuple[int, str]:
    for _ in range(200):
        try:
            return ask(port, "POST", ATTENDANCE, LINES)
        except ConnectionRefusedError:
            asyncio.run(asyncio.sleep(0.1))
    raise TimeoutError

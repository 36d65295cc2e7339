"""Are requests of MOSIP lost, or answered twice, when the broker is killed under them?

    python -m benchmarks.service.mosip_broker [--messages 10000] [--kills 2] [--json]

Starts a RabbitMQ of its own, the adapter as a deployer runs it, and a server of shares in CBEFF. Sends inserts,
identifications, deletions and questions, and among them requests that are wrong in each way; kills the broker in
between; counts the answers to each request. The sender repeats what the broker did not confirm, as MOSIP does.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track

from benchmarks.service.rabbitmq import RabbitmqServer, running_broker
from benchmarks.synthesis.seeds import finger_seed
from benchmarks.synthesis.strewing import make_finger
from benchmarks.synthesis.templates import make_template
from biometric_service.app.mosip import Broker, Connection, LostError, Message
from biometric_service.interchange.cbeff.record import ISO_FINGER_MINUTIAE, Bir
from biometric_service.interchange.cbeff.xml import write_xml
from biometric_service.settings import PREFIX
from biometric_service.templates.minutiae_exchange import record_of
from biometric_service.templates.minutiae_record import Edition
from biometric_service.templates.minutiae_records import write_record
from biometric_service.vocabulary.samples import FingerPosition

FINGERS = 100
REQUESTS, ANSWERS = "mosip-to-abis", "abis-to-mosip"
PATIENCE_S = 300.0
AWAY_S = 1.0
AGAIN_S = 0.3
EXPIRED = {"errors": [{"errorCode": "DAT-SER-006", "message": "Data share usage expired"}]}


@dataclass(frozen=True, slots=True)
class Counted:
    """What came of it; ``lost`` and ``answered_twice``: of the requests. ``failures``: answers by their reason."""

    messages: int
    answered: int
    lost: int
    answered_twice: int
    wrong: int
    kills: int
    set_aside: int
    seconds: float
    failures: Mapping[str, int]


@dataclass(slots=True)
class Seen:
    """Answers as they came: for each request, what was said, by the id of its sending."""

    answers: defaultdict[str, dict[str, dict[str, Any]]] = field(default_factory=lambda: defaultdict(dict))
    set_aside: set[str] = field(default_factory=set)


def main(
    messages: Annotated[int, typer.Option(min=20, help="How many requests.")] = 10_000,
    kills: Annotated[int, typer.Option(min=0, help="How often the broker is killed.")] = 2,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Send them, and print what came of it; exit status 1 where one was lost, answered twice, or answered wrongly."""
    counted = measured(messages, kills)
    found = {name: getattr(counted, name) for name in Counted.__slots__}
    print(json.dumps(found)) if as_json else Console().print(found)
    sys.exit(bool(counted.lost or counted.answered_twice or counted.wrong))


def measured(messages: int, kills: int) -> Counted:
    """Send so many requests to an adapter on an empty store, and kill the broker so often under them."""
    with tempfile.TemporaryDirectory() as folder, running_broker() as broker, shares() as port:
        asked = dict(requests(messages, port))
        with adapter(Path(folder), broker, port):
            began = time.monotonic()
            seen = _exchange(broker, asked, kills)
            seconds = time.monotonic() - began
    return _counted(asked, seen, kills, seconds)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it is sent; ``failure``: the reason that it must be answered with, empty for success."""

    body: bytes
    failure: str


def requests(messages: int, port: int) -> Iterator[tuple[str, Asked]]:
    """Requests by their ids, the same each time: somebody is inserted, searched for, and now and then deleted."""
    for number in range(messages):
        name, person = f"req-{number}", number // 5
        known = {"referenceId": f"ref-{person}"}
        kind = number % 5
        moody = f"moody-{person}/" * (person % 10 == 3)  # noqa: PLR2004 - one of ten shares fails at first
        url = {"referenceURL": f"http://127.0.0.1:{port}/{moody}{person % FINGERS}"}
        if number % 50 == 49:  # noqa: PLR2004 - one of fifty is wrong
            yield name, _wrong(number, name, port)
        elif kind == 0:
            yield name, _asked("insert", name, "", **known, **url)
        elif kind == 1:
            yield name, _asked("identify", name, "", **known, referenceURL="", flags={"maxResults": "3"})
        elif kind == 2:  # noqa: PLR2004
            yield name, _asked("insert", name, "10", **known, **url)
        elif kind == 3:  # noqa: PLR2004
            yield name, _asked(("ping", "pendingJobs", "referenceCount")[person % 3], name, "")
        else:
            yield name, _asked("delete", name, "", **known)


def _wrong(number: int, name: str, port: int) -> Asked:
    """Each way of being wrong in turn."""
    share = f"http://127.0.0.1:{port}"
    ways: tuple[Callable[[], Asked], ...] = (
        lambda: _asked("delete", name, "12", referenceId="nobody"),
        lambda: _asked("insert", name, "5", referenceURL=share),
        lambda: _asked("insert", name, "8", referenceId="x"),
        lambda: _asked("insert", name, "8", referenceId="x", surplus="y"),
        lambda: _asked("ping", name, "4", surplus="y"),
        lambda: _asked("ping", name, "15", requesttime="yesterday"),
        lambda: _asked("ping", name, "13", version="one"),
        lambda: _asked("dance", name, "14"),
        lambda: _asked("insert", name, "17", referenceId="x", referenceURL=f"{share}/expired"),
        lambda: _asked("insert", name, "16", referenceId="x", referenceURL=f"{share}/broken"),
        lambda: _asked("insert", name, "11", referenceId="x", referenceURL=f"{share}/empty"),
        lambda: _asked("insert", name, "7", referenceId="x", referenceURL="http://169.254.169.254/"),
    )
    return ways[number // 50 % len(ways)]()


def _asked(kind: str, name: str, failure: str, **said: object) -> Asked:
    common = {"version": "1.1", "requestId": name, "requesttime": "2026-03-29T07:01:24.692Z"}
    return Asked(json.dumps({"id": f"mosip.abis.{kind}", **common, **said}).encode(), failure)


@cache
def share(finger: int) -> bytes:
    """The minutiae of a finger of nobody, as MOSIP shares them."""
    template = make_template(make_finger(finger_seed(9, finger)), 1, position=FingerPosition.RIGHT_INDEX)
    data = write_record(record_of([template], Edition.ISO_2011))
    return write_xml([Bir(data, ISO_FINGER_MINUTIAE, ("Finger",), ("Right", "IndexFinger"))]).encoded()


@contextmanager
def shares() -> Iterator[int]:
    """A server of shares, which breaks off whatever is moody when it is first asked for; gives its port."""
    broken_off: set[str] = set()
    odd = {"expired": json.dumps(EXPIRED).encode(), "broken": b"<BIR>", "empty": write_xml([]).encoded()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            moody, _, name = self.path.strip("/").rpartition("/")
            if moody and moody not in broken_off:
                broken_off.add(moody)
                return
            body = odd[name] if name in odd else share(int(name))
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def adapter(folder: Path, broker: RabbitmqServer, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """The adapter in a process of its own."""
    given = {
        "data_dir": folder,
        "mosip_broker": broker.url,
        "mosip_requests": REQUESTS,
        "mosip_answers": ANSWERS,
        "face_model": "",
        "outbound_origins": json.dumps([f"http://127.0.0.1:{port}"]),
        "outbound_networks": '["127.0.0.0/8"]',
    }
    environment = {**os.environ, **{f"{PREFIX}{name}".upper(): str(value) for name, value in given.items()}}
    command = (sys.executable, "-m", "biometric_service", "mosip", "serve")
    with (folder / "said").open("ab") as said:
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=said)  # noqa: S603 - our own command
        try:
            yield process
        finally:
            process.terminate()
            process.wait()


def _exchange(broker: RabbitmqServer, asked: Mapping[str, Asked], kills: int) -> Seen:
    seen, stopping = Seen(), threading.Event()
    threads = [
        threading.Thread(target=_persistently, args=(stopping, _send, broker, list(asked.values()))),
        threading.Thread(target=_persistently, args=(stopping, _receive, broker, ANSWERS, seen, stopping)),
        threading.Thread(target=_persistently, args=(stopping, _receive, broker, f"{REQUESTS}.dead", seen, stopping)),
    ]
    for each in threads:
        each.start()
    try:
        moments = [len(asked) * (each + 1) // (kills + 1) for each in range(kills)]
        for reached in track([*moments, len(asked)], description="Requests", console=Console(stderr=True)):
            _wait(broker, seen, reached)
            if reached < len(asked):
                broker.kill()
                time.sleep(AWAY_S)
                broker.start()
        time.sleep(AWAY_S)  # what is answered twice comes late
    finally:
        stopping.set()
        for each in threads:
            each.join()
    return seen


def _wait(broker: RabbitmqServer, seen: Seen, answers: int) -> None:
    """Until so many requests are answered, or none was for so long that none is to be expected any more."""
    before, until = -1, 0.0
    while (present := len(seen.answers)) < answers:
        if present > before:
            before, until = present, time.monotonic() + PATIENCE_S
        if time.monotonic() > until:
            return
        broker.require()
        time.sleep(0.05)


def _persistently(stopping: threading.Event, work: Callable[..., bool], *args: object) -> None:
    """Until it is done: a connection that broke is made anew."""
    while not stopping.is_set():
        with suppress(LostError, OSError):
            if work(*args):
                return
        stopping.wait(AGAIN_S)


def _send(broker: RabbitmqServer, left: list[Asked]) -> bool:
    """Send what is left, each until the broker has confirmed it."""
    with Connection(Broker(broker.url, "unused", "unused"), SimpleQueue()) as connection:
        while left:
            connection.send(REQUESTS, left[0].body, {})
            left.pop(0)
    return True


def _receive(broker: RabbitmqServer, queue: str, seen: Seen, stopping: threading.Event) -> bool:
    """Note every answer by the id of its sending, so that what the broker repeats is not taken for a second one."""
    messages: SimpleQueue[Message] = SimpleQueue()
    with Connection(Broker(broker.url, queue, "unused"), messages) as connection:
        while not stopping.is_set():
            connection.require()
            if messages.empty():
                time.sleep(0.01)
                continue
            message = messages.get()
            if queue == ANSWERS:
                said = json.loads(message.body)
                seen.answers[said["requestId"]][message.sending] = said
            else:
                seen.set_aside.add(message.body.decode(errors="replace"))
            connection.acknowledge(message.ack)
    return True


def _counted(asked: Mapping[str, Asked], seen: Seen, kills: int, seconds: float) -> Counted:
    said = {name: list(each.values()) for name, each in seen.answers.items()}
    reasons = {name: each[0].get("failureReason", "") for name, each in said.items()}
    return Counted(
        messages=len(asked),
        answered=len(said),
        lost=len(asked.keys() - said.keys()),
        answered_twice=sum(len(each) > 1 for each in said.values()),
        wrong=sum(reasons[name] != asked[name].failure for name in said.keys() & asked.keys()),
        kills=kills,
        set_aside=len(seen.set_aside),
        seconds=round(seconds, 1),
        failures=dict(sorted(Counter(each for each in reasons.values() if each).items())),
    )


if __name__ == "__main__":
    typer.run(main)

"""A checkpoint as a process of its own, by real faces: the line is cut and mended, it is killed, it is revoked."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from benchmarks.free_port import free_port
from biometric_service.settings import Settings
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.movements import How
from biometric_service.vocabulary.references import SubjectId
from tests.certificates import identity
from tests.checkpoints import BY_HAND, POST, TAKES_KEYS, YARD, enrol_face, open_post, two_photographs
from tests.cuttable_line import Line, line_to
from tests.live_service import LiveService, event, live_service
from tests.template_walk import INMATES

pytestmark = [pytest.mark.models, pytest.mark.shared_data, pytest.mark.slow, pytest.mark.timeout(1200)]

PATIENCE_S = 180
FAULT, REVOKED = 2, 6
NAMES = ("P-1041", "P-1042", "P-1043")


@pytest.fixture(scope="module")
def people(shared_data: Path) -> list[tuple[Path, Path]]:
    return two_photographs(shared_data, 3)


@pytest.fixture
def live(people: list[tuple[Path, Path]], tmp_path: Path) -> Iterator[LiveService]:
    with live_service(Settings(data_dir=tmp_path / "service", fingerprint_model="")) as live:
        live.gallery(INMATES)
        open_post(live)
        client = live.client(live.key())
        for number, (first, _) in enumerate(people):
            enrol_face(client, first, NAMES[number])
        yield live


@dataclass
class Agent:
    """One run of the command, with what it has said so far; ``heard``: how much of that was listened to."""

    process: subprocess.Popen[str]
    said: list[Mapping[str, Any]] = field(default_factory=list)
    heard: int = 0

    def __post_init__(self) -> None:
        self._listening = Thread(target=self._listen, daemon=True)
        self._listening.start()

    def _listen(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                self.said.append(json.loads(line))

    def kill(self) -> None:
        self.process.kill()
        self.ended()

    def ended(self) -> int:
        """Its exit code, once it is over."""
        code = self.process.wait(PATIENCE_S)
        self._listening.join()
        return code

    def until(self, **wanted: object) -> Mapping[str, Any]:
        """The first line that says this, of those after the last one that was waited for."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            for each in self.said[self.heard :]:
                self.heard += 1
                if wanted.items() <= each.items():
                    return each
            assert self.process.poll() is None or self.heard < len(self.said), self.said
            time.sleep(0.02)
        pytest.fail(f"it never said {wanted}: {self.said}")


@dataclass
class Post:
    folder: Path
    device: str
    line: Line

    def show(self, photograph: Path) -> None:
        """Put somebody before the camera, whole at once."""
        shutil.copy(photograph, self.folder / "next.jpg")
        (self.folder / "next.jpg").replace(self.folder / "camera.jpg")

    def start(self, *more: str) -> Agent:
        own = ("--post", POST.id, "--id", self.device, "--key", "device.key", "--state", "state", "--renew", "1")
        patient = ("--link-seconds", str(PATIENCE_S))  # a line that is cut leaves people to the slice, a slow one none
        where = ("--service", f"http://127.0.0.1:{self.line.port}", "--device", f"virtual://{self.folder}/camera.jpg")
        command = (sys.executable, "-m", "biometric_service", "checkpoint", *where, *own, *patient, *more)
        settings = {"BIOMETRIC_FINGERPRINT_MODEL": "", "BIOMETRIC_DATA_DIR": str(self.folder / "none")}
        return Agent(
            subprocess.Popen(command, cwd=self.folder, env=os.environ | settings, stdout=subprocess.PIPE, text=True)
        )


@pytest.fixture
def post(live: LiveService, tmp_path: Path) -> Iterator[Post]:
    own = identity("gate")
    device = live.device(INMATES, own, TAKES_KEYS)
    folder = tmp_path / "post"
    folder.mkdir()
    _, key = own.files(folder)
    Path(key).rename(folder / "device.key")
    (folder / "device.key").chmod(0o600)
    with line_to(urlsplit(live.url).port or 0) as line:
        yield Post(folder, device.id, line)


def test_a_device_for_another_gallery_than_that_of_its_post_ends_as_it_begins(post: Post) -> None:
    assert post.start("--gallery", "visitors").ended() == FAULT


def test_nothing_is_lost_or_doubled_by_a_cut_line_and_kill_nine(
    live: LiveService, post: Post, people: list[tuple[Path, Path]]
) -> None:
    officers = [live.key(BY_HAND, owner=owner) for owner in ("4711", "4712")]
    screen = free_port()
    post.show(people[0][1])
    agent = post.start()
    try:
        told = [agent.until(event="answer", decided="online", subject=NAMES[0], passage="pass")]
        agent.until(event="state", link="up", waiting=0)
        post.line.cut()
        post.show(people[1][1])
        told.append(agent.until(event="answer", decided="offline", subject=NAMES[1], passage="pass"))
        agent.kill()
        post.show(people[2][1])
        agent = post.start("--screen", str(screen))
        told.append(agent.until(event="answer", decided="offline", subject=NAMES[2], passage="pass"))
        told.append(by_hand(screen, officers))
        live.service.api_keys.revoke(officers[1].partition(".")[0], event(EventKind.API_KEY_REVOKED))
        told.append(by_hand(screen, officers))
        post.line.mend()
        agent.until(event="state", link="up", waiting=0)
        found = {name: live.service.day.movements.located(SubjectId(name)).believed for name in NAMES}
        assert {each.zone if each else None for each in found.values()} == {YARD}
        assert [each.how for each in found.values() if each][:2] == [How.CHECK, How.OFFLINE]
        for each in told:
            assert recorded(live, each["id"]) == 1, each
        assert doubted(live) == [(told[-1]["id"], "4711 4712", "key_revoked")]
        assert not any(secret in str(agent.said) for secret in officers)
        live.service.devices.revoke(post.device, event(EventKind.DEVICE_REVOKED))
        assert agent.ended() == REVOKED
        assert not (post.folder / "device.key").exists()
        assert not (post.folder / "state" / "slice.db").exists()
        assert post.start().ended() == REVOKED
    finally:
        agent.kill()


def by_hand(screen: int, officers: list[str]) -> Mapping[str, Any]:
    """What the agent says of two officers who give it their keys."""
    asked = {"subject": NAMES[2], "why": "emergency", "keys": officers}
    said: Mapping[str, Any] = httpx.post(f"http://127.0.0.1:{screen}/v1/manual-checks", json=asked, timeout=60).json()
    assert (said["passage"], said["ground"], said["decided"]) == ("pass", "confirmed_by_two", "offline")
    return said


def doubted(live: LiveService) -> list[tuple[str, str, str]]:
    """The alarms: of which passage, whose keys, and why."""
    alarms = [each.event for each in live.service.store.events(0, 100_000)]
    kind = EventKind.MANUAL_CHECK_DOUBTED
    facts = ("passage_id", "officers", "doubt")
    return [tuple(each.details[fact] for fact in facts) for each in alarms if each.kind is kind]  # type: ignore[misc]


def recorded(live: LiveService, passage: str) -> int:
    """How often the log has the passage."""
    every = live.service.store.events(0, 100_000)
    kinds = {EventKind.MOVEMENT_CHECK, EventKind.PASSAGE_RECORDED}
    return sum(each.event.kind in kinds and passage in each.event.details.values() for each in every)

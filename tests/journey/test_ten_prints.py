"""``enrol --device`` on ten-print sources: ten fingers end as ten positions, and nobody is kept with hands swapped."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from biometric_service.app import settings_store
from biometric_service.capture.slap.segmentation import Hand
from biometric_service.cli import app
from biometric_service.settings import load_settings
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, ExceptionKind, KeptEncounter, SubjectId
from biometric_service.vocabulary.samples import FingerPosition
from tests.emulators.benches.sbi import SbiBench
from tests.ten_prints import Pixels, card, slap, ten_fingers

pytestmark = [pytest.mark.models, pytest.mark.shared_data]


@pytest.fixture(scope="module")
def fingers(shared_data: Path) -> list[Pixels]:
    return ten_fingers(shared_data)


@pytest.fixture
def sbi(tmp_path: Path) -> Iterator[SbiBench]:
    with closing(SbiBench(tmp_path)) as bench:
        bench.show()
        yield bench


@pytest.fixture(autouse=True)
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOMETRIC_DATA_DIR", str(tmp_path / "service"))
    monkeypatch.setenv("BIOMETRIC_FACE_MODEL", "")


def enrolled(url: str, *words: str) -> Result:
    return CliRunner().invoke(app, ["enrol", "--subject", "P-1", "--device", url, "--json", *words])


def outcome(done: Result) -> str:
    [person] = json.loads(done.stdout)["people"]
    told: str = person["outcome"]
    return told


def kept() -> KeptEncounter:
    with settings_store(load_settings()) as opened:
        [encounter] = opened.encounters.encounters(SubjectId("P-1"))
    return encounter


def nobody_is_kept() -> bool:
    with settings_store(load_settings()) as opened:
        return not opened.store.subjects(ALL_GALLERIES, None, 10)


def slaps(fingers: list[Pixels]) -> dict[int, Pixels]:
    return {
        13: slap(fingers[1:5], Hand.RIGHT),
        14: slap(fingers[6:], Hand.LEFT, seed=2),
        11: fingers[0],
        12: fingers[5],
    }


def test_two_slaps_and_two_thumbs_in_a_folder_end_as_ten_positions(fingers: list[Pixels], tmp_path: Path) -> None:
    cards = tmp_path / "cards"
    cards.mkdir()
    (cards / "prisoner.an2").write_bytes(card(slaps(fingers)))
    done = enrolled(f"folder://{cards}", "--fingers", "ten")
    assert outcome(done) == "enrolled", done.output
    positions = [each.sample.position for each in kept().encounter.samples]
    assert sorted(positions) == [FingerPosition(number) for number in range(1, 11)]
    told = [json.loads(line) for line in done.stderr.splitlines()]
    assert [each["event"] for each in told if each["event"] == "taken"] == ["taken"] * 10
    assert told[-1] == {"event": "ended", "ending": "complete", "missing": [], "why": ""}


def test_a_card_with_its_slaps_swapped_is_refused(fingers: list[Pixels], tmp_path: Path) -> None:
    cards = tmp_path / "cards"
    cards.mkdir()
    whole = slaps(fingers)
    (cards / "prisoner.an2").write_bytes(card({13: whole[14], 14: whole[13]}))
    done = enrolled(f"folder://{cards}")
    assert done.exit_code != 0
    assert "This looks like the left hand: put the right hand down." in str(done.exception)
    assert nobody_is_kept()


def test_an_amputated_finger_is_recorded_and_the_others_keep_their_names(fingers: list[Pixels], tmp_path: Path) -> None:
    cards = tmp_path / "cards"
    cards.mkdir()
    left = np.asarray(slap(fingers[6:], Hand.LEFT, seed=2)).copy()
    places = _columns(left)
    left[:, places[1][0] : places[1][1]] = 255  # the ring finger, second from the left
    (cards / "prisoner.an2").write_bytes(card({14: left}, absent="9\x1fXX"))
    done = enrolled(f"folder://{cards}")
    assert outcome(done) == "enrolled", done.output
    encounter = kept().encounter
    assert [(each.position, each.kind) for each in encounter.exceptions] == [
        (FingerPosition.LEFT_RING, ExceptionKind.AMPUTATED)
    ]
    assert [each.sample.position.name for each in encounter.samples] == ["LEFT_LITTLE", "LEFT_MIDDLE", "LEFT_INDEX"]


def test_a_finger_that_is_missing_is_named_and_nobody_is_kept(fingers: list[Pixels], tmp_path: Path) -> None:
    cards = tmp_path / "cards"
    cards.mkdir()
    (cards / "prisoner.an2").write_bytes(card({2: fingers[1], 7: fingers[6]}))
    named = "right-index,left-index,left-ring"
    done = enrolled(f"folder://{cards}", "--fingers", named, "--seconds", "3")
    assert "Not captured: left ring." in str(done.exception)
    assert nobody_is_kept()
    done = enrolled(f"folder://{cards}", "--fingers", named, "--exception", "left-ring=bandaged")
    assert outcome(done) == "enrolled", done.output
    assert [each.kind for each in kept().encounter.exceptions] == [ExceptionKind.BANDAGED]


def test_a_scanner_that_gives_finger_by_finger_ends_with_ten(fingers: list[Pixels], sbi: SbiBench) -> None:
    sbi.device.pictures, sbi.device.positions = fingers, list(range(1, 11))
    done = enrolled(sbi.url, "--fingers", "ten")
    assert outcome(done) == "enrolled", done.output
    assert [each.sample.position.value for each in kept().encounter.samples] == list(range(1, 11))


def test_the_same_hand_put_down_twice_is_refused_and_named(
    shared_data: Path, fingers: list[Pixels], sbi: SbiBench
) -> None:
    again = [ten_fingers(shared_data, impression=2)[number] for number in (1, 2)]
    sbi.device.pictures, sbi.device.positions = [*fingers[1:3], *again], [2, 3, 7, 8]
    done = enrolled(sbi.url)
    assert outcome(done) == "fingers_confused", done.output
    assert done.exit_code == 2
    assert "right index looks like left index" in json.loads(done.stdout)["people"][0]["advice"]
    assert nobody_is_kept()
    with settings_store(load_settings()) as opened:
        refused = [each.event for each in opened.store.events(0, 10) if each.event.kind is EventKind.ENROLMENT_REFUSED]
    assert "right_index=left_index=" in refused[0].details["alike"]


def _columns(pixels: Pixels) -> list[tuple[int, int]]:
    """Where the fingers of a slap stand, from the left."""
    inked = (pixels < 170).sum(axis=0) > 8
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inked, [False]]).astype(int)))
    spans = [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 40]
    assert len(spans) == 4
    return spans

"""The real NFIQ 2 in its own process: what it says, and what happens to it does not happen to us."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from benchmarks.synthesis.impression import make_impression
from benchmarks.synthesis.master import make_master
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.quality.nfiq2 import Nfiq2Process, Nfiq2QualityAssessor, process, require_nfiq2
from biometric_service.vocabulary.quality import Defect, QualityAssessment
from biometric_service.vocabulary.samples import (
    BiometricSample,
    CaptureSource,
    FingerArea,
    FingerPosition,
    LocatedSample,
    Modality,
)

pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(find_spec("nbis") is None, reason="install biometric-service[nfiq2]"),
]
NATIVE = QualityAssessment(70.0, {"clarity": 0.5}, (Defect.TOO_DRY,), acceptable=True)


class Native:
    """Stands for the native assessor, whose own tests are elsewhere."""

    def assess(self, located: LocatedSample) -> QualityAssessment:
        assert located.sample.dpi
        return NATIVE


@pytest.fixture(scope="module")
def print_() -> np.ndarray:
    return make_impression(make_master(5), 1)


@pytest.fixture
def nfiq2() -> Iterator[Nfiq2Process]:
    running = Nfiq2Process(patience=60)
    yield running
    running.close()


def png(pixels: np.ndarray) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


def located(pixels: np.ndarray, dpi: float) -> LocatedSample:
    source = CaptureSource("test", datetime.now(UTC))
    sample = BiometricSample(Modality.FINGERPRINT, pixels, dpi, FingerPosition.UNKNOWN, source, "0" * 64)
    nothing = np.zeros((1, 1))
    area = FingerArea(nothing.astype(np.uint8), nothing > 0, nothing.astype(np.float32), (0, 0), 500 / dpi)
    return LocatedSample(sample, area)


def pid_of(running: Nfiq2Process) -> int:
    assert running._worker
    return running._worker._process.pid


def test_the_measure_is_added_and_nothing_else_changes(nfiq2: Nfiq2Process, print_: np.ndarray) -> None:
    assessed = Nfiq2QualityAssessor(Native(), nfiq2).assess(located(print_, 500))
    assert (assessed.score, assessed.defects, assessed.acceptable, assessed.notes) == (70, NATIVE.defects, True, ())
    assert assessed.measures["clarity"] == 0.5
    assert 0 <= assessed.measures["nfiq2"] <= 100


def test_resolution_does_not_count_for_it(nfiq2: Nfiq2Process, print_: np.ndarray) -> None:
    assessor = Nfiq2QualityAssessor(Native(), nfiq2)
    larger = cv2.resize(print_, None, fx=1.5, fy=1.5, interpolation=cv2.INTER_CUBIC)
    plain, enlarged = (assessor.assess(each).measures["nfiq2"] for each in (located(print_, 500), located(larger, 750)))
    assert enlarged == pytest.approx(plain, abs=12)


def test_an_image_without_a_score_costs_nothing_but_a_note(nfiq2: Nfiq2Process, print_: np.ndarray) -> None:
    refused = nfiq2.ask(b"no image at all")
    worker = pid_of(nfiq2)
    assert refused.score is None
    assert "no score for this image" in refused.reason
    assert nfiq2.ask(png(print_)).score is not None
    assert pid_of(nfiq2) == worker


def test_a_crash_is_a_note_then_a_pause_then_a_new_worker(
    nfiq2: Nfiq2Process, print_: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "FIRST_PAUSE", 3600.0)
    first = nfiq2.ask(png(print_))
    dead = pid_of(nfiq2)
    os.kill(dead, signal.SIGSEGV)
    assessor = Nfiq2QualityAssessor(Native(), nfiq2)
    crashed, pausing = (assessor.assess(located(print_, 500)) for _ in range(2))
    assert crashed.notes == (f"The NFIQ 2 worker ended with status {-signal.SIGSEGV}.",)
    assert "is started again in" in pausing.notes[0]
    assert (crashed.score, crashed.measures) == (70, {"clarity": 0.5})
    nfiq2._not_before -= 3600
    assert nfiq2.ask(png(print_)) == first
    assert pid_of(nfiq2) != dead


def test_pauses_grow_while_it_goes_on_failing(nfiq2: Nfiq2Process, print_: np.ndarray) -> None:
    pauses = []
    for _ in range(8):
        nfiq2._not_before = 0
        nfiq2._worker = process._Worker()
        os.kill(pid_of(nfiq2), signal.SIGKILL)
        assert nfiq2.ask(png(print_)).score is None
        pauses.append(nfiq2._pause)
    assert pauses == [2, 4, 8, 16, 32, 60, 60, 60]


def test_a_worker_that_hangs_is_killed_in_time(print_: np.ndarray) -> None:
    slow = Nfiq2Process(patience=30)
    assert slow.ask(png(print_)).score is not None
    hung = pid_of(slow)
    os.kill(hung, signal.SIGSTOP)
    slow._patience = 0.5
    big = png(np.random.default_rng(1).integers(0, 256, (2000, 2000), np.uint8))
    assert slow.ask(big).reason == "NFIQ 2 took longer than 0.5 s."
    with pytest.raises(ProcessLookupError):
        os.kill(hung, 0)
    slow.close()


def test_the_worker_sees_no_setting_of_the_service(
    nfiq2: Nfiq2Process, print_: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIOMETRIC_MASTER_KEY", "ab" * 32)
    nfiq2.ask(png(print_))
    seen = Path(f"/proc/{pid_of(nfiq2)}/environ").read_bytes()
    assert b"BIOMETRIC_" not in seen
    assert b"PATH=" in seen


def test_threads_share_one_worker(nfiq2: Nfiq2Process, print_: np.ndarray) -> None:
    answers = []
    workers = [threading.Thread(target=lambda: answers.append(nfiq2.ask(png(print_)).score)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(set(answers)) == 1
    assert len(answers) == 4


def test_whoever_asks_never_loads_it(print_: np.ndarray, tmp_path: Path) -> None:
    image = tmp_path / "print.png"
    image.write_bytes(png(print_))
    program = (
        "import sys; from pathlib import Path; from biometric_service.quality.nfiq2 import Nfiq2Process;"
        "assert Nfiq2Process(60).ask(Path(sys.argv[1]).read_bytes()).score is not None;"
        "assert 'libnbis' not in Path('/proc/self/maps').read_text()"
    )
    subprocess.run([sys.executable, "-c", program, str(image)], check=True, timeout=60)


def test_asking_for_what_is_not_installed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    require_nfiq2()
    monkeypatch.setattr(process, "find_spec", lambda _: None)
    with pytest.raises(BiometricServiceError) as refusal:
        require_nfiq2()
    assert refusal.value.code is ErrorCode.SETTINGS_INVALID


@pytest.mark.shared_data
def test_it_tells_clear_prints_from_blurred_ones(nfiq2: Nfiq2Process, shared_data: Path) -> None:
    paths = sorted((shared_data / "fingerprints" / "fvc2002_db1").glob("*.png"))[:6]
    clear = [np.asarray(Image.open(path).convert("L")) for path in paths]
    blurred = [cv2.GaussianBlur(pixels, (0, 0), 4) for pixels in clear]
    before, after = ([nfiq2.ask(png(pixels)).score or 0 for pixels in some] for some in (clear, blurred))
    assert 25 < np.mean(before) < 90
    assert np.mean(after) < np.mean(before) - 10

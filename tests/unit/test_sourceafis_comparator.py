"""SourceAFIS agrees with itself, however a template got into it."""

import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.synthesis.impression import make_impression
from benchmarks.synthesis.master import make_master
from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.sourceafis.comparator import SourceAfisComparator
from biometric_service.comparison.sourceafis.engine import SourceAfisEngine
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.templates.minutiae_exchange import record_of
from biometric_service.templates.minutiae_record import Edition
from biometric_service.templates.minutiae_records import write_record
from biometric_service.templates.native import decode, encode
from biometric_service.templates.sourceafis import minutiae_of
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import MinutiaeTemplate, SourceAfisTemplate, TemplateFormat
from tests.oracles.minutiae import FORMAT, finger, impression
from tests.source_afis import source_afis

pytestmark = pytest.mark.models
NATIVE = TemplateFormat(Modality.FINGERPRINT, "sourceafis", "3.18.1")


def comparator(form: TemplateFormat) -> SourceAfisComparator:
    return SourceAfisComparator(source_afis(), form, Calibration("sourceafis", (0.0, 90.0), (0.0, 9.0), 5.0, 1, ""))


@pytest.fixture(scope="module")
def engine() -> SourceAfisEngine:
    return source_afis()


@pytest.fixture(scope="module")
def prints() -> list[np.ndarray]:
    """Two fingers, two impressions each."""
    return [make_impression(make_master(seed), number) for seed in (5, 6) for number in (1, 2)]


@pytest.fixture(scope="module")
def natives(engine: SourceAfisEngine, prints: list[np.ndarray]) -> list[SourceAfisTemplate]:
    return [SourceAfisTemplate(NATIVE, FingerPosition.UNKNOWN, engine.make(pixels, 500)) for pixels in prints]


def test_the_engine_is_of_the_version_that_its_manifest_names(engine: SourceAfisEngine) -> None:
    assert engine.version() == NATIVE.version


def test_its_own_templates_tell_fingers_apart(natives: list[SourceAfisTemplate]) -> None:
    compare = comparator(NATIVE).compare
    assert min(compare(natives[0], natives[1]), compare(natives[2], natives[3])) > 40
    assert max(compare(natives[0], natives[2]), compare(natives[1], natives[3])) < 20


def test_a_template_kept_by_the_native_codec_scores_the_same(natives: list[SourceAfisTemplate]) -> None:
    compare = comparator(NATIVE).compare
    kept = [decode(encode(template)) for template in natives]
    assert kept == natives
    assert compare(kept[0], kept[1]) == compare(natives[0], natives[1])


def test_a_template_saved_by_the_engine_scores_the_same(
    engine: SourceAfisEngine, natives: list[SourceAfisTemplate]
) -> None:
    loaded = [engine.load(template.data) for template in natives[:2]]
    again = [engine.load(engine.save(each)) for each in loaded]
    assert engine.matcher(again[0])(again[1]) == engine.matcher(loaded[0])(loaded[1])


@pytest.mark.parametrize("edition", [Edition.ISO_2005, Edition.ISO_2011, Edition.ANSI_2004, Edition.ANSI_2009])
def test_every_record_imports_as_the_same_minutiae(engine: SourceAfisEngine, edition: Edition) -> None:
    template = finger(3)
    record = write_record(record_of([template], edition))
    data = engine.save(engine.load_record(record))
    held = minutiae_of(SourceAfisTemplate(NATIVE, FingerPosition.UNKNOWN, data))
    order = np.array([((template.positions - place) ** 2).sum(1).argmin() for place in held.positions])
    assert sorted(order) == list(range(len(template.positions)))
    assert np.abs(held.positions - template.positions[order]).max() <= 0.51
    turned = np.angle(np.exp(1j * (held.directions - template.directions[order]).astype(np.float64)))
    steps = 0.5 if edition.angle_steps == 256 else 1.0  # of ANSI's steps SourceAFIS takes the middle
    assert np.abs(turned).max() <= steps * 2 * np.pi / edition.angle_steps + 1e-3


def test_a_native_template_scores_nearly_the_same_by_way_of_a_record(natives: list[SourceAfisTemplate]) -> None:
    imported = [minutiae_of(template) for template in natives]
    own, records = comparator(NATIVE), comparator(NATIVE)
    mated = records.compare(imported[0], imported[1])
    assert mated == pytest.approx(own.compare(natives[0], natives[1]), rel=0.2)
    assert records.compare(imported[0], imported[2]) == pytest.approx(own.compare(natives[0], natives[2]), abs=8)


def test_minutiae_that_leader_doubts_do_not_count() -> None:
    template = finger(4)
    doubted = MinutiaeTemplate(
        FORMAT,
        FingerPosition.UNKNOWN,
        np.concatenate([template.positions, template.positions[:9] + 12]),
        np.concatenate([template.directions, template.directions[:9]]),
        np.concatenate([template.qualities, np.full(9, 0.39, np.float32)]),
        np.concatenate([template.kinds, template.kinds[:9]]),
        template.size,
    )
    compare = comparator(FORMAT).compare
    assert compare(impression(template, 1), doubted) == compare(impression(template, 1), template)


def test_the_pairs_it_names_lie_on_one_another() -> None:
    reference, seen = finger(7), {}
    probe = impression(reference, 2, turn=0.0, jitter=1.0)
    comparator(FORMAT).compare(probe, reference, lambda step, artefact: seen.update({step: artefact}))
    pairs = np.asarray(seen["matched_pairs"])
    assert len(pairs) >= 10
    shift = probe.positions[pairs[:, 0]] - reference.positions[pairs[:, 1]]
    assert np.median(np.abs(shift - np.median(shift, axis=0))) < 3


def test_the_pairs_of_native_templates_are_places_in_them(natives: list[SourceAfisTemplate]) -> None:
    seen: dict[str, object] = {}
    comparator(NATIVE).compare(natives[0], natives[1], lambda step, artefact: seen.update({step: artefact}))
    pairs = np.asarray(seen["matched_pairs"])
    assert len(pairs) >= 5
    assert (pairs.max(0) < [len(minutiae_of(each).kinds) for each in natives[:2]]).all()


@pytest.mark.parametrize("data", [b"abc", b"\xa0", b"\xff" * 40])
def test_bytes_that_are_no_template_are_refused(data: bytes) -> None:
    bad = SourceAfisTemplate(NATIVE, FingerPosition.UNKNOWN, data)
    for refused in (lambda: comparator(NATIVE).bank().add(bad), lambda: minutiae_of(bad)):
        with pytest.raises(BiometricServiceError) as refusal:
            refused()
        assert refusal.value.code is ErrorCode.TEMPLATE_INVALID


def test_threads_score_as_one_does(natives: list[SourceAfisTemplate]) -> None:
    bank = comparator(NATIVE).bank()
    rows = np.array([bank.add(template) for template in natives])
    expected = bank.scores(natives[0], rows).tolist()
    found: list[list[float]] = []
    workers = [threading.Thread(target=lambda: found.append(bank.scores(natives[0], rows).tolist())) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == [expected] * 8


@pytest.mark.shared_data
def test_real_prints_at_any_resolution(engine: SourceAfisEngine, shared_data: Path) -> None:
    folder = shared_data / "fingerprints" / "fvc2002_db2"
    pixels = [
        np.asarray(Image.open(folder / f"10{finger}_{number}.png").convert("L"))
        for finger, number in ((1, 1), (1, 2), (2, 1))
    ]
    first, mate, stranger = (engine.load(engine.make(each, 569)) for each in pixels)
    assert engine.matcher(first)(mate) > 40 > engine.matcher(first)(stranger)

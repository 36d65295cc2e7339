"""Records of ISO/IEC 19794-2 and ANSI 378: exact both ways, as real ones are, and never more than a typed refusal."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.throughput.random_encounters import FINGERPRINT_FORMAT, random_minutiae
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.templates.minutiae_exchange import record_of, templates_of
from biometric_service.templates.minutiae_record import Capture, Edition, FingerView, Minutia, MinutiaeRecord
from biometric_service.templates.minutiae_records import read_record, write_record
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.templates import MinutiaeTemplate

LATER = (Edition.ISO_2011, Edition.ANSI_2007, Edition.ANSI_2009)

octets = st.integers(0, 255)
words = st.integers(0, 65535)


@st.composite
def views(draw: st.DrawFn, edition: Edition) -> FingerView:
    size, resolution = (draw(st.integers(1, 9000)), draw(st.integers(1, 9000))), (draw(words) or 1, 197)
    capture = Capture()
    if edition is Edition.ISO_2011:
        qualities = st.lists(st.tuples(octets, words, words), max_size=2).map(tuple)
        capture = Capture(
            draw(st.binary(min_size=9, max_size=9)), draw(octets), draw(words), draw(words), draw(qualities), ending=1
        )
    minutia = st.builds(
        Minutia,
        st.integers(0, 2),
        st.integers(0, size[0] - 1),
        st.integers(0, size[1] - 1),
        st.integers(0, edition.angle_steps - 1),
        st.integers(0, 100) | st.sampled_from([254, 255]),
    )
    return FingerView(
        position=draw(st.integers(0, 10)),
        number=draw(st.integers(0, 15)),
        impression=draw(st.integers(0, 15)),
        size=size,
        resolution=resolution,
        minutiae=tuple(draw(st.lists(minutia, max_size=30))),
        quality=254 if edition is Edition.ISO_2011 else draw(octets),
        algorithm=(draw(words), draw(words)) if edition in {Edition.ANSI_2007, Edition.ANSI_2009} else (0, 0),
        extended=draw(st.binary(max_size=40)),
        capture=capture,
    )


@st.composite
def records(draw: st.DrawFn) -> MinutiaeRecord:
    edition = draw(st.sampled_from(Edition))
    ansi = edition.value.startswith("ANSI")
    first, *others = draw(st.lists(views(edition), min_size=1, max_size=3))
    if edition not in LATER:
        others = [replace(first, number=other.number, extended=other.extended) for other in others]
    return MinutiaeRecord(
        edition,
        (first, *others),
        product=(draw(words), draw(words)) if ansi else (0, 0),
        certification=0 if edition is Edition.ISO_2011 else draw(st.integers(0, 15)),
        device=0 if edition is Edition.ISO_2011 else draw(st.integers(0, 4095)),
    )


@given(records())
def test_a_record_comes_back_exactly_and_so_do_its_bytes(record: MinutiaeRecord) -> None:
    data = write_record(record)
    assert read_record(data) == record
    assert read_record(data, strict=False) == record


def test_a_long_record_is_told_from_one_of_the_other_body() -> None:
    random = np.random.default_rng(1)
    many = [random_minutiae(random, finger, count=255) for finger in FingerPosition] * 5
    for edition in Edition:
        data = write_record(record_of(many, edition))
        assert len(data) > 65_535
        assert read_record(data).edition is edition


def refused(data: bytes, *, strict: bool) -> bool:
    try:
        read_record(data, strict=strict)
    except BiometricServiceError as fault:
        return fault.code is ErrorCode.TEMPLATE_INVALID
    return False


@given(records(), st.data())
def test_truncated_changed_and_foreign_bytes_are_read_or_refused_and_nothing_else(
    record: MinutiaeRecord, data: st.DataObject
) -> None:
    written = write_record(record)
    assert refused(written[: data.draw(st.integers(0, len(written) - 1))], strict=True)
    assert refused(written + b"\0", strict=True)
    spoilt = bytearray(written)
    for _ in range(data.draw(st.integers(1, 5))):
        spoilt[data.draw(st.integers(8, len(spoilt) - 1))] = data.draw(octets)
    for strict in (True, False):
        if not refused(bytes(spoilt), strict=strict):
            templates_of(read_record(bytes(spoilt), strict=strict), FINGERPRINT_FORMAT)


@given(st.binary(max_size=200))
def test_noise_is_read_or_refused_and_nothing_else(noise: bytes) -> None:
    for start in (b"", b"FMR\0 20\0", b"FMR\x00030\0"):
        refused(start + noise, strict=True)
        refused(start + noise, strict=False)


def test_the_record_of_2011_is_laid_out_as_the_standard_says() -> None:
    header = "464d5200 30333000 00000041 0001 01"
    capture = "ffffffffffffffffff 01 abcd 00b5 01 5a abcd 0123 01 0001 02"
    view = "07 00 00c5 00c5 00 0200 0300 51 01 4064 800e 50 0000"
    data = bytes.fromhex(header + "00000032" + capture + view)
    data = data[:8] + len(data).to_bytes(4, "big") + data[12:15] + (len(data) - 15).to_bytes(4, "big") + data[19:]
    record = read_record(data)
    (one,) = record.views
    assert one.minutiae == (Minutia(1, 100, 14, 80, 254),)
    assert (one.size, one.capture.qualities, one.capture.certificates) == (
        (512, 768),
        ((90, 0xABCD, 0x123),),
        ((1, 2),),
    )
    assert (one.capture.with_quality, one.capture.ending) == (False, 1)
    assert len(write_record(record)) == len(data)


@pytest.mark.shared_data
def test_what_nist_wrote_is_read_and_agrees_across_editions(shared_data: Path) -> None:
    """NIST's ISO record ends a byte short of its extended data, its ANSI one has two bytes too many."""
    data = {name: (shared_data / "interchange" / name).read_bytes() for name in ("fmr.iso2005", "fmr.ansi2004")}
    assert all(refused(one, strict=True) for one in data.values())
    iso, ansi = (read_record(one, strict=False) for one in data.values())
    draft = read_record((shared_data / "interchange" / "fmr.ansi2007").read_bytes())
    assert [r.edition for r in (iso, ansi, draft)] == [Edition.ISO_2005, Edition.ANSI_2004, Edition.ANSI_2007]
    assert write_record(draft) == (shared_data / "interchange" / "fmr.ansi2007").read_bytes()
    assert [(v.position, len(v.minutiae), v.quality) for v in ansi.views] == [(7, 27, 90), (2, 22, 70), (3, 28, 69)]
    for one, other, third in zip(*(templates_of(r, FINGERPRINT_FORMAT)[:2] for r in (iso, ansi, draft)), strict=True):
        assert one.position == other.position == third.position
        assert np.array_equal(one.positions, other.positions)
        assert np.array_equal(other.positions, third.positions)
        assert np.array_equal(one.kinds, other.kinds)
        assert turned(one, other).max() <= math.pi / 256 + 1e-6
        assert one.size == (512, 512)


def turned(one: MinutiaeTemplate, other: MinutiaeTemplate) -> np.ndarray:
    return np.abs((one.directions - other.directions + np.pi) % (2 * np.pi) - np.pi)


@pytest.mark.parametrize("edition", Edition)
def test_a_template_survives_the_exchange_to_within_its_rounding(edition: Edition) -> None:
    given_templates = [
        random_minutiae(np.random.default_rng(seed), finger)
        for seed, finger in enumerate([FingerPosition.LEFT_THUMB, FingerPosition.LEFT_THUMB, FingerPosition.RIGHT_RING])
    ]
    record = read_record(write_record(record_of(given_templates, edition)))
    assert [view.number for view in record.views] == [0, 1, 0]
    for before, after in zip(given_templates, templates_of(record, FINGERPRINT_FORMAT), strict=True):
        assert (after.format, after.position, after.size) == (before.format, before.position, before.size)
        assert np.abs(after.positions - before.positions).max() <= 0.5
        assert turned(before, after).max() <= math.pi / edition.angle_steps + 1e-6
        assert np.abs(after.qualities - before.qualities).max() <= 0.0101
        assert np.array_equal(after.kinds, before.kinds)


def test_the_best_255_minutiae_are_written_in_their_order() -> None:
    many = random_minutiae(np.random.default_rng(1), FingerPosition.LEFT_THUMB, count=400)
    (view,) = record_of([many], Edition.ISO_2005).views
    assert len(view.minutiae) == 255
    cut = np.sort(many.qualities)[-255]
    assert [one.x for one in view.minutiae] == np.rint(many.positions[many.qualities >= cut, 0]).clip(max=399).tolist()


@pytest.mark.parametrize(("pixels", "dpi"), [(197, 500), (394, 1000), (118, 300), (98, 250), (200, 508), (0, 500)])
def test_resolutions_round_to_what_was_meant(pixels: int, dpi: float) -> None:
    view = FingerView(1, 0, 0, (1000, 1000), (pixels, pixels), (Minutia(1, 600, 300, 64, 50),))
    (template,) = templates_of(MinutiaeRecord(Edition.ISO_2005, (view,)), FINGERPRINT_FORMAT)
    assert template.positions[0].tolist() == pytest.approx([600 * 500 / dpi, 300 * 500 / dpi])
    assert template.directions[0] == pytest.approx(math.pi / 2)


def test_what_no_edition_can_say_is_refused() -> None:
    for wrong in (record_of, lambda *_: write_record(MinutiaeRecord(Edition.ISO_2005, ()))):
        with pytest.raises(BiometricServiceError, match="template_invalid"):
            wrong([], Edition.ISO_2005)
    view = FingerView(1, 0, 0, (100, 100), (197, 197), (Minutia(1, 50, 50, 200, 50),))
    for spoilt in (view, replace(view, number=300), replace(view, minutiae=(Minutia(1, 100, 1, 1, 1),))):
        with pytest.raises(BiometricServiceError, match="template_invalid"):
            write_record(MinutiaeRecord(Edition.ANSI_2004, (spoilt,)))


def test_an_unreported_quality_counts_for_the_minutia_and_what_lies_outside_is_left_out() -> None:
    minutiae = (Minutia(1, 5, 5, 0, 0), Minutia(3, 6, 6, 0, 40), Minutia(1, 500, 5, 0, 50))
    view = FingerView(1, 0, 0, (100, 100), (197, 197), minutiae)
    old, new = (
        templates_of(MinutiaeRecord(edition, (view,)), FINGERPRINT_FORMAT)[0]
        for edition in (Edition.ISO_2005, Edition.ISO_2011)
    )
    assert old.qualities.tolist() == pytest.approx([1, 0.4])
    assert new.qualities.tolist() == pytest.approx([0, 0.4])
    assert old.kinds.tolist() == [1, 0]

"""Cards, extended data, changes of edition and SourceAFIS's own templates: exact both ways."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from benchmarks.throughput.random_encounters import FINGERPRINT_FORMAT, random_minutiae
from biometric_service.cli import app
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.templates import native
from biometric_service.templates.card_exchange import Order, card_of, template_of
from biometric_service.templates.cbor import read_cbor, write_cbor
from biometric_service.templates.conversion import SOURCEAFIS, TemplateKind, minutiae, read_any, write_as
from biometric_service.templates.edition_change import in_edition
from biometric_service.templates.extended_data import (
    Block,
    CoresAndDeltas,
    ExtendedData,
    RidgeCounts,
    SingularPoint,
    ZonalQuality,
    block_of,
    interpreted,
    read_blocks,
    write_blocks,
)
from biometric_service.templates.iso19794_2_card import CardFormat, CardTemplate, read_card, write_card
from biometric_service.templates.minutiae_exchange import record_of
from biometric_service.templates.minutiae_record import Edition, FingerView, Minutia, MinutiaeRecord
from biometric_service.templates.minutiae_records import read_record, write_record
from biometric_service.templates.sourceafis import minutiae_of, sourceafis_of
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import FaceTemplate, TemplateFormat
from tests.source_afis import source_afis

octets = st.integers(0, 255)
places = st.integers(0, 0x3FFF)


@st.composite
def cards(draw: st.DrawFn) -> CardTemplate:
    form = draw(st.sampled_from(CardFormat))
    coordinate, angle = st.integers(0, form.largest), st.integers(0, form.angle_steps - 1)
    minutia = st.builds(Minutia, st.integers(0, 2), coordinate, coordinate, angle, st.just(254))
    return CardTemplate(form, tuple(draw(st.lists(minutia, min_size=1, max_size=80))))


@given(cards(), st.booleans())
def test_a_cards_template_comes_back_exactly_bare_and_wrapped(card: CardTemplate, wrapped: bool) -> None:  # noqa: FBT001
    data = write_card(card, wrapped=wrapped)
    assert read_card(data, card.format) == card
    assert write_card(read_card(data, card.format), wrapped=wrapped) == data


def test_the_layout_of_cards_is_the_standards() -> None:
    normal = CardTemplate(CardFormat.NORMAL, (Minutia(1, 1300, 720, 64, 254), Minutia(2, 5, 6, 255, 254)))
    assert write_card(normal).hex() == "451402d040" + "80050006ff"
    compact = CardTemplate(CardFormat.COMPACT, (Minutia(1, 130, 72, 16, 254), Minutia(2, 5, 6, 63, 254)))
    assert write_card(compact).hex() == "824850" + "0506bf"
    assert write_card(compact, wrapped=True).hex() == "7f2e088106" + "824850" + "0506bf"


@given(st.binary(max_size=40), st.sampled_from(CardFormat), st.booleans())
def test_noise_on_a_card_is_read_or_refused(noise: bytes, form: CardFormat, strict: bool) -> None:  # noqa: FBT001
    try:
        card = read_card(noise, form, strict=strict)
    except BiometricServiceError:
        return
    template_of(card, FINGERPRINT_FORMAT, FingerPosition.UNKNOWN)
    if strict:
        assert read_card(write_card(card), form) == card


def test_strict_reading_refuses_what_lenient_reading_mends() -> None:
    for data in (b"\x45\x14\xff\xff\x40", b"\xc5\x14\x00\x01\x40", b"\x45\x14\x02\xd0\x40\x01"):
        with pytest.raises(BiometricServiceError):
            read_card(data, CardFormat.NORMAL)
        assert len(read_card(data, CardFormat.NORMAL, strict=False).minutiae) == 1


@pytest.mark.parametrize("form", CardFormat)
def test_a_print_survives_the_card_to_within_its_rounding(form: CardFormat) -> None:
    given_print = random_minutiae(np.random.default_rng(1), FingerPosition.LEFT_THUMB, count=40)
    back = template_of(read_card(write_card(card_of(given_print, form)), form), FINGERPRINT_FORMAT, FingerPosition(6))
    pixel = form.unit / (25.4 / 500)
    assert np.abs(back.positions - given_print.positions).max() <= pixel / 2 + 1e-3
    turn = (back.directions - given_print.directions + np.pi) % (2 * np.pi) - np.pi
    assert np.abs(turn).max() <= math.pi / form.angle_steps + 1e-6
    assert np.array_equal(back.kinds, given_print.kinds)


def test_the_best_minutiae_go_on_the_card_in_the_order_it_wants() -> None:
    many = random_minutiae(np.random.default_rng(2), FingerPosition.LEFT_THUMB, count=90)
    card = card_of(many, CardFormat.NORMAL, most=30, order=Order.Y_THEN_X)
    rows = [(each.y, each.x) for each in card.minutiae]
    assert rows == sorted(rows)
    best = np.sort(many.qualities)[-30:]
    wanted = np.rint(many.positions[many.qualities >= best[0]] * 5.08).astype(int)
    assert sorted(rows) == sorted((int(y), int(x)) for x, y in wanted)
    for order in Order:
        assert set(card_of(many, CardFormat.NORMAL, 30, order).minutiae) == set(card.minutiae)
    by_angle = [each.angle for each in card_of(many, CardFormat.NORMAL, 30, Order.ANGLE).minutiae]
    assert by_angle == sorted(by_angle)


def test_a_print_too_far_out_for_a_compact_card_is_moved_to_its_corner() -> None:
    far = random_minutiae(np.random.default_rng(3), FingerPosition.LEFT_THUMB, count=20)
    moved = replace(far, positions=far.positions + 900, size=(1600, 1600))
    card = card_of(moved, CardFormat.COMPACT)
    assert len(card.minutiae) == 20
    assert min(each.x for each in card.minutiae) == min(each.y for each in card.minutiae) == 0


points = st.builds(SingularPoint, places, places, st.just(()))
cores = st.lists(points | st.builds(SingularPoint, places, places, st.tuples(octets)), max_size=4).map(tuple)
deltas = st.lists(points | st.builds(SingularPoint, places, places, st.tuples(octets, octets, octets)), max_size=4).map(
    tuple
)
extended = (
    st.builds(RidgeCounts, octets, st.lists(st.tuples(octets, octets, octets), max_size=20).map(tuple))
    | st.builds(CoresAndDeltas, cores, deltas)
    | st.builds(ZonalQuality, octets, octets, octets, st.binary(max_size=30))
    | st.builds(Block, st.integers(4, 65535), st.binary(max_size=30))
)


@given(st.lists(extended, max_size=4))
def test_extended_data_is_understood_as_it_was_written(given_data: list[ExtendedData]) -> None:
    data = write_blocks([block_of(each, Edition.ISO_2005) for each in given_data])
    assert [interpreted(block, Edition.ISO_2005) for block in read_blocks(data)] == given_data
    assert write_blocks(read_blocks(data)) == data


@given(st.binary(max_size=60), st.sampled_from(Edition))
def test_damaged_extended_data_stays_as_it_is(noise: bytes, edition: Edition) -> None:
    for kind in (1, 2, 3, 9):
        data = interpreted(Block(kind, noise), edition)
        if isinstance(data, RidgeCounts | ZonalQuality):
            assert block_of(data, edition) == Block(kind, noise)


@pytest.mark.shared_data
def test_nists_cores_deltas_and_ridge_counts_are_understood(shared_data: Path) -> None:
    """As its two records of the same prints have them, of which each was cut a little short in its own way."""
    ansi, iso = (
        read_record((shared_data / "interchange" / name).read_bytes(), strict=False)
        for name in ("fmr.ansi2004", "fmr.iso2005")
    )
    (counts,) = (interpreted(block, ansi.edition) for block in read_blocks(ansi.views[1].extended))
    assert counts == RidgeCounts(1, ((1, 20, 12), (5, 7, 5)))
    whole = ansi.views[2].extended[:0x2A5]
    (octants,) = (interpreted(block, ansi.edition) for block in read_blocks(whole))
    assert isinstance(octants, RidgeCounts)
    assert (octants.method, octants.counts[0], len(octants.counts)) == (2, (1, 2, 1), 224)
    short = iso.views[1].extended
    (singular,) = (
        interpreted(block, iso.edition) for block in read_blocks(short[:3] + bytes([len(short)]) + short[4:])
    )
    assert isinstance(singular, CoresAndDeltas)
    assert singular.cores == (SingularPoint(150, 250, (90,)), SingularPoint(100, 150, (45,)))
    assert [len(delta.angles) for delta in singular.deltas] == [3, 0, 3, 3]


def two_views(edition: Edition) -> MinutiaeRecord:
    data: list[ExtendedData] = [
        RidgeCounts(1, ((1, 2, 3),)),
        CoresAndDeltas((SingularPoint(9, 8, (45,)),), (SingularPoint(5, 6, (10, 20, 30)),)),
        ZonalQuality(10, 10, 8, b"\1\2\3"),
        Block(0x0123, b"vendor"),
    ]
    extra = write_blocks([block_of(each, edition) for each in data])
    found = (Minutia(1, 10, 20, 90, 50), Minutia(2, 30, 40, 179, 254 if not edition.zero_is_unreported else 0))
    one = FingerView(1, 0, 0, (300, 400), (197, 197), found, 254 if edition is Edition.ISO_2011 else 60, extended=extra)
    return MinutiaeRecord(edition, (one,))


@pytest.mark.parametrize("old", Edition)
@pytest.mark.parametrize("new", Edition)
def test_a_change_of_edition_keeps_places_qualities_and_extended_data(old: Edition, new: Edition) -> None:
    record = two_views(old)
    changed = in_edition(record, new)
    assert read_record(write_record(changed)) == changed
    (before,), (after,) = record.views, changed.views
    assert [(m.kind, m.x, m.y) for m in after.minutiae] == [(m.kind, m.x, m.y) for m in before.minutiae]
    assert after.minutiae[0].quality == 50
    assert after.minutiae[1].quality == (0 if new.zero_is_unreported else 254)
    turns = [
        abs(a.angle / new.angle_steps - b.angle / old.angle_steps)
        for a, b in zip(after.minutiae, before.minutiae, strict=True)
    ]
    assert max(turns) <= 0.5 / new.angle_steps + 1e-9
    counts, singular, zones, vendor = (interpreted(block, new) for block in read_blocks(after.extended))
    assert counts == RidgeCounts(1, ((1, 2, 3),))
    assert isinstance(singular, CoresAndDeltas)
    assert (singular.cores[0].x, singular.cores[0].y, len(singular.deltas[0].angles)) == (9, 8, 3)
    assert (zones, vendor) == (ZonalQuality(10, 10, 8, b"\1\2\3"), Block(0x0123, b"vendor"))
    if old.is_iso == new.is_iso:
        assert after.extended == before.extended


def test_views_of_several_sizes_are_not_forced_into_one() -> None:
    (one,) = two_views(Edition.ISO_2011).views
    record = MinutiaeRecord(Edition.ISO_2011, (one, FingerView(2, 0, 0, (100, 100), (197, 197), ())))
    with pytest.raises(BiometricServiceError, match="differ"):
        in_edition(record, Edition.ISO_2005)
    assert len(in_edition(record, Edition.ANSI_2009).views) == 2


@given(
    st.recursive(
        st.integers(0, 2**64 - 1) | st.text(max_size=30) | st.floats(width=32, allow_nan=False),
        lambda inner: st.dictionaries(st.text(max_size=5), inner, max_size=4),
        max_leaves=8,
    )
)
def test_cbor_comes_back(value: float | str) -> None:
    assert read_cbor(write_cbor(value)) == value


@pytest.mark.models
def test_sourceafis_reads_what_is_written_for_it() -> None:
    engine = source_afis()
    given_print = random_minutiae(np.random.default_rng(1), FingerPosition.LEFT_THUMB, count=40)
    written = sourceafis_of(given_print, SOURCEAFIS)
    loaded = engine.load(written.data)
    by_record = engine.load_record(write_record(record_of([given_print], Edition.ISO_2005)))
    itself, other = engine.scores(loaded, [loaded, by_record])
    assert itself > 100
    assert other > 0.7 * itself  # what is neither ending nor bifurcation is in the record alone
    back, kept = minutiae_of(written), minutiae_of(replace(written, data=engine.save(loaded)))
    known = given_print.kinds > 0
    assert np.abs(back.positions - given_print.positions[known]).max() <= 0.5
    assert np.array_equal(np.sort(back.positions, axis=0), np.sort(kept.positions, axis=0))
    assert np.allclose(back.directions, given_print.directions[known], atol=1e-5)


@pytest.mark.parametrize("kind", TemplateKind)
@pytest.mark.parametrize("source", [*TemplateKind, "native"])
def test_whatever_is_read_can_be_written(kind: TemplateKind, source: str) -> None:
    one = random_minutiae(np.random.default_rng(4), FingerPosition.LEFT_THUMB, count=30)
    data = native.encode(one) if source == "native" else write_as(one, TemplateKind(source))
    cards = {"card-normal": CardFormat.NORMAL, "card-compact": CardFormat.COMPACT}
    held = read_any(data, cards.get(source))
    again = read_any(write_as(held, kind), cards.get(kind))
    (found,) = minutiae(again)
    assert len(found.kinds) >= (one.kinds > 0).sum()
    if source == kind:
        assert write_as(held, kind) == data


def test_faces_and_noise_are_not_exchanged() -> None:
    face = FaceTemplate(TemplateFormat(Modality.FACE, "some", "1"), np.array([1], np.float32))
    for data, said in ((native.encode(face), "of a face"), (b"no template at all", "not one of SourceAFIS")):
        with pytest.raises(BiometricServiceError, match=said) as caught:
            read_any(data)
        assert caught.value.code is ErrorCode.TEMPLATE_INVALID


def templates(*words: object) -> str:
    done = CliRunner().invoke(app, ["templates", *map(str, words)])
    if isinstance(done.exception, BiometricServiceError):
        raise done.exception
    return done.output


def test_the_command_converts_and_inspects(tmp_path: Path) -> None:
    record = two_views(Edition.ANSI_2004)
    source, card = tmp_path / "in.fmr", tmp_path / "out.card"
    source.write_bytes(write_record(record))
    shown = json.loads(templates("inspect", source, "--json"))
    assert shown["format"] == "ANSI INCITS 378-2004"
    assert shown["views"][0]["extended"] == "RidgeCounts, CoresAndDeltas, ZonalQuality, Block"
    assert "card-compact" in templates("convert", source, card, "--to", "card-compact", "--view", 1)
    assert len(card.read_bytes()) == 6
    inspected = json.loads(templates("inspect", card, "--card", "card-compact", "--json"))
    assert inspected["views"] == [{"finger": None, "minutiae": 2, "width": None, "height": None}]
    with pytest.raises(BiometricServiceError, match="1 views"):
        templates("convert", source, card, "--to", "iso-2005", "--view", 2)
    source.write_bytes(write_record(record) + b"junk")
    with pytest.raises(BiometricServiceError, match="leniently"):
        templates("inspect", source)
    assert "378-2004" in templates("inspect", source, "--lenient")

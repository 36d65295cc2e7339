"""Transactions: what is read, what is refused by which reason, and that nothing is lost between reading and writing."""

import io
from collections.abc import Mapping
from pathlib import Path

import nistitl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from biometric_service.capture.face_records import open_face_record
from biometric_service.capture.files import ImageLimits
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.exchange import ExchangeRules
from biometric_service.interchange.itl.characters import UNICODE
from biometric_service.interchange.itl.description import Description, description_of, fields_of, missing_fields
from biometric_service.interchange.itl.images import images_of
from biometric_service.interchange.itl.limits import USUAL_LIMITS, RecordLimits
from biometric_service.interchange.itl.message import Message
from biometric_service.interchange.itl.person import Person, person_of
from biometric_service.interchange.itl.profile import SHIPPED, load_profile
from biometric_service.interchange.itl.reading import read_message
from biometric_service.interchange.itl.spelling import spelled
from biometric_service.interchange.itl.writing import Payload, binary_finger_record, compose, text_record
from biometric_service.interchange.latents import latents_of
from biometric_service.vocabulary.references import ExceptionKind, Json
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.transactions import Hold, Refusal
from device_drivers.records.transactions import Tagged, tagged
from tests import itl
from tests.emulators.benches.bench import ridges

PIXELS = ridges(64, 48)
LIMITS = ImageLimits(20_000_000, 50_000_000)
BELIZE = load_profile("belize")
REFERENCE_IMAGES = {
    "type-10-sap10.an2": 1,
    "type-14-amp-nqm-utf8.an2": 3,
    "type-14-tpcard-nqm.an2": 14,
    "type-4-tpcard.an2": 14,
    "type-9-13-std.an2": 1,
    "type4-slaps.an2k": 4,
    "type9-13.an2k": 1,
    "type9.an2k": 0,
}

TWICE_TAGGED = {"type9-13.an2k"}
"""It has a tag twice in a record, which nistitl does not take."""


def card() -> bytes:
    records = [itl.described(itl.PERSON), itl.finger(1, 1, PIXELS), itl.finger(2, 7, PIXELS), itl.absent(3, 9, "XX")]
    return itl.transaction(records)


def read(data: bytes, limits: RecordLimits = USUAL_LIMITS) -> Message:
    message = read_message(data, limits, BELIZE.sets)
    assert isinstance(message, Message), message
    return message


def refused(data: bytes, limits: RecordLimits = USUAL_LIMITS) -> Hold:
    refusal = read_message(data, limits, BELIZE.sets)
    assert isinstance(refusal, Refusal)
    assert str(refusal.why).endswith(".")
    assert refusal.why.told("es") not in {str(refusal.why), refusal.why.name}
    return refusal.reason


def test_what_is_written_is_read_byte_for_byte_and_means_the_same() -> None:
    message = read(card())
    assert message.encoded() == card()
    assert message.header == itl.header()
    assert message.characters == UNICODE
    described = description_of(message, BELIZE)
    assert isinstance(described, Description)
    assert described.subject == "BZ-4711"
    assert described.biographic == {
        "name": {"family": "Núñez", "given": "Ana"},
        "aliases": [{"family": "Nunez", "given": "A."}, {"family": "Neal", "given": "Anna"}],
        "date_of_birth": "1990-01-02",
        "sex": "female",
    }
    assert described.kept == ((0, 55, "not of the profile\x1ftwo items\x1eand two subfields"),)
    [fields] = fields_of(described, BELIZE)
    again = text_record(2, 0, list(fields), UNICODE)
    assert again == message.records(2)[0]


def test_a_person_has_a_picture_of_each_finger_and_exceptions_for_the_others() -> None:
    person = person_of(read(card()), BELIZE, LIMITS)
    assert isinstance(person, Person)
    assert [each.position for each in person.images] == [FingerPosition.RIGHT_THUMB, FingerPosition.LEFT_INDEX]
    [absent] = person.exceptions
    assert (absent.position, absent.kind) == (FingerPosition.LEFT_RING, ExceptionKind.AMPUTATED)
    with Image.open(io.BytesIO(person.images[0].data)) as image:
        np.testing.assert_array_equal(np.asarray(image), PIXELS)


@pytest.mark.parametrize(
    ("biographic", "read_again"),
    [
        (
            {"name": "Núñez, Ana", "born": "1990-01-02", "sex": "F"},
            {"name": {"family": "Núñez", "given": "Ana"}, "date_of_birth": "1990-01-02", "sex": "female"},
        ),
        (
            {"lastName": "Núñez", "firstName": "Ana", "dateOfBirth": "1990-01-02T00:00:00Z", "gender": "female"},
            {"name": {"family": "Núñez", "given": "Ana"}, "date_of_birth": "1990-01-02", "sex": "female"},
        ),
        ({"name": "Ana"}, {"name": {"family": "Ana"}, "date_of_birth": "", "sex": "unspecified"}),
    ],
)
def test_a_record_goes_under_the_names_of_the_profile_however_it_came(
    biographic: dict[str, Json], read_again: dict[str, Json]
) -> None:
    [fields] = fields_of(Description(biographic=spelled(biographic, BELIZE, "ENR")), BELIZE)
    message = read(itl.transaction([text_record(2, 0, list(fields), UNICODE)]))
    described = description_of(message, BELIZE)
    assert isinstance(described, Description), described
    assert (described.biographic, missing_fields(message, BELIZE)) == (read_again, ())


def test_what_a_person_lacks_is_named() -> None:
    [fields] = fields_of(Description(biographic=spelled({"sex": "M"}, BELIZE, "ENR")), BELIZE)
    message = read(itl.transaction([text_record(2, 0, list(fields), UNICODE)]))
    assert missing_fields(message, BELIZE) == (10,)
    assert isinstance(description_of(message, BELIZE), Refusal)
    assert spelled({"born": "about 1990"}, BELIZE, "SRT") == {"born": "about 1990"}


def test_each_finger_is_taken_once_and_a_face_only_from_the_front() -> None:
    seen = np.repeat(PIXELS[:, :, None], 3, 2)
    pictures = [itl.picture(11, seen, "FACE"), itl.picture(12, seen, "FACE", {20: b"F"})]
    pictures += [itl.picture(idc, seen, each) for idc, each in enumerate(("TATTOO", "SCAR"), 13)]
    twice = [itl.finger(1, 1, PIXELS), itl.finger(2, 1, PIXELS[::-1])]
    message = read(itl.transaction([itl.described(itl.PERSON), *twice, *pictures]))
    person = person_of(message, BELIZE, LIMITS)
    assert isinstance(person, Person)
    assert [each.modality for each in person.images] == [Modality.FINGERPRINT, Modality.FACE, Modality.FACE]
    assert person.taken == {3, 5, 6}
    kinds = [each.modality for each in images_of(message)]
    assert kinds == [Modality.FINGERPRINT] * 2 + [Modality.FACE] * 2 + [None] * 2
    with Image.open(io.BytesIO(person.images[0].data)) as image:
        np.testing.assert_array_equal(np.asarray(image), PIXELS)


def test_latents_alone_keep_what_came_with_them_as_a_transaction() -> None:
    rules = ExchangeRules(USUAL_LIMITS, LIMITS, "BZPRISON")
    seen = np.repeat(PIXELS[:, :, None], 3, 2)
    kept = [itl.described(itl.PERSON), itl.picture(3, seen, "TATTOO"), itl.finger(4, 1, PIXELS)]
    first, second = itl.latent(1, PIXELS, (2,)), itl.latent(2, PIXELS[::-1], (7,))
    data = itl.transaction([kept[0], first, second, *kept[1:]], "LFS", "case 7")
    alone = latents_of(read(data), rules, alone=True)
    assert not isinstance(alone, Refusal)
    written = [read(each.records) for each in alone]
    assert [each.transaction.records[1:] for each in written] == [(kept[0], first, *kept[1:]), (second,)]
    assert {each.header for each in written} == {read(data).header}
    with_person = latents_of(read(data), rules)
    assert not isinstance(with_person, Refusal)
    assert [read(each.records).transaction.records[1:] for each in with_person] == [(first,), (second,)]
    [only] = latents_of(read(whole := itl.transaction([*kept, first], "LFS")), rules, alone=True)  # type: ignore[misc]
    assert only.records == whole


TURNED = [{20: b"R"}, {20: b"l"}, {20: b"A", 21: b"-45"}, {21: b"90"}, {24: b"-90\x1f0\x1f0"}, {13: b"20", 21: b"-90"}]
STRAIGHT: list[dict[int, bytes]] = [{20: b"F", 21: b"0"}, {13: b"20"}, {24: b"5\x1f40\x1f0"}, {21: b"odd"}]


@pytest.mark.parametrize("said", [*TURNED, *STRAIGHT], ids=str)
def test_a_face_in_profile_is_kept_as_an_image_and_never_compared(said: dict[int, bytes]) -> None:
    record = itl.picture(2, np.repeat(PIXELS[:, :, None], 3, 2), "FACE", said)
    data = itl.transaction([itl.described(itl.PERSON), itl.finger(1, 1, PIXELS), record])
    person = person_of(read(data), BELIZE, LIMITS)
    assert isinstance(person, Person)
    compared = [each for each in person.images if each.modality is Modality.FACE]
    assert (len(compared), 4 in person.taken) == ((0, False) if said in TURNED else (1, True))
    assert [each.shows for each in images_of(read(data))] == [Modality.FINGERPRINT, Modality.FACE]
    if said in TURNED:
        with pytest.raises(BiometricServiceError, match="holds no face"):
            open_face_record(data, LIMITS)
    else:
        assert open_face_record(data, LIMITS).image.size == PIXELS.shape[::-1]


@pytest.mark.shared_data
@pytest.mark.parametrize(("name", "count"), REFERENCE_IMAGES.items())
def test_reference_transactions_are_read_shown_and_written_byte_for_byte(
    shared_data: Path, name: str, count: int
) -> None:
    data = (shared_data / "interchange" / name).read_bytes()
    message = read(data)
    assert message.encoded() == data
    assert len(images_of(message)) == count
    person = person_of(message, load_profile("itl"), LIMITS)
    assert isinstance(person, Person)


@pytest.mark.shared_data
def test_slaps_of_a_reference_transaction_come_apart_but_for_the_amputated_finger(shared_data: Path) -> None:
    data = (shared_data / "interchange" / "type-14-amp-nqm-utf8.an2").read_bytes()
    person = person_of(read(data), load_profile("itl"), LIMITS)
    assert isinstance(person, Person)
    shown = {each.position for each in person.images}
    assert shown == set(FingerPosition) - {FingerPosition.UNKNOWN, FingerPosition.LEFT_RING}
    assert [each.position for each in person.exceptions] == [FingerPosition.LEFT_RING]


@pytest.mark.shared_data
@pytest.mark.parametrize("name", sorted(set(REFERENCE_IMAGES) - TWICE_TAGGED))
def test_an_independent_reader_sees_in_reference_transactions_what_ours_sees(shared_data: Path, name: str) -> None:
    data = (shared_data / "interchange" / name).read_bytes()
    assert_alike(read(data), data)


def test_an_independent_reader_sees_what_our_writer_wrote() -> None:
    records = [itl.described(itl.PERSON), itl.face(1, np.repeat(PIXELS[:, :, None], 3, 2)), itl.latent(2, PIXELS)]
    payload = Payload(PIXELS.tobytes(), "NONE", 48, 64, 500)
    data = itl.transaction([*records, itl.absent(3, 9, "UP"), binary_finger_record(4, 2, payload, 3)])
    assert_alike(read(data), data)


def test_our_reader_reads_what_an_independent_writer_wrote() -> None:
    theirs = nistitl.Message()
    first = theirs[0]
    first.TOT, first.DAI, first.ORI, first.TCN = "ENR", "BZPRISON", "BZPOLICE", "7"
    finger = nistitl.AsciiRecord(14)
    values = {2: "1", 3: "0", 4: "X", 5: "20260304", 6: "48", 7: "64", 8: "1", 9: "500", 10: "500", 11: "NONE"}
    for number, value in (values | {12: "8", 13: "7"}).items():
        setattr(finger, f"_{number:03}", value)
    finger._999 = PIXELS.tobytes()
    theirs += finger
    message = read(theirs.NIST)
    [image] = images_of(message)
    assert (message.header.control, image.positions, image.part.data) == ("7", (7,), PIXELS.tobytes())


def assert_alike(ours: Message, data: bytes) -> None:
    """Every field of every tagged record and all binary records are as nistitl reads them."""
    theirs = nistitl.Message()
    theirs.parse(data)
    assert [record.type for record in theirs] == [each.kind for each in ours.transaction.records]
    for mine, other in zip(ours.transaction.records, theirs, strict=True):
        if isinstance(mine, Tagged):
            said = {field.number: other[field.number].NIST.partition(b":")[2] for field in mine.fields}
            if mine.kind > 1:
                said[2] = said[2].zfill(2)  # nistitl drops the zeros before an IDC
            assert said == {each.number: each.value for each in mine.fields}
        else:
            assert mine.data == other.NIST


CHANGES: Mapping[str, tuple[bytes, bytes]] = {
    Hold.CONTENTS_MISCOUNTED: (b"1\x1f4\x1e2", b"1\x1f3\x1e2"),
    Hold.VERSION_UNKNOWN: (b"1.002:0502", b"1.002:0902"),
    Hold.CHARACTER_SET_UNKNOWN: (b"1.015:003", b"1.015:777"),
    Hold.CHARACTERS_INVALID: (b"N\xc3\xba", b"N\xff\xba"),
    Hold.RECORD_MISPLACED: (b"2\x1f00\x1e14\x1f01", b"2\x1f00\x1e15\x1f01"),
    Hold.IMAGE_UNREADABLE: (b"14.011:NONE", b"14.011:GIF9"),
    Hold.FIELD_MALFORMED: (b"14.006:48", b"14.006:4x"),
}


@pytest.mark.parametrize("reason", CHANGES)
def test_what_cannot_be_read_is_refused_by_its_reason(reason: Hold) -> None:
    before, after = CHANGES[reason]
    assert before in card()
    assert refused(card().replace(before, after)) == reason


def test_no_part_of_a_transaction_is_taken_for_the_whole() -> None:
    data = card()
    assert {refused(data[:end]) for end in range(1, len(data), 97)} <= {Hold.CUT_SHORT, Hold.NO_TRANSACTION}
    assert refused(data + b"more") is Hold.BYTES_LEFT_OVER
    assert refused(b"") is Hold.EMPTY
    assert refused(b" <itl:NISTBiometricInformationExchangePackage/>") is Hold.XML_ENCODING


def test_an_absent_finger_must_have_a_number() -> None:
    assert refused(card().replace(b"14.018:9\x1fXX", b"14.018:*\x1fXX")) is Hold.FIELD_MALFORMED


def test_contents_must_number_records_as_they_number_themselves() -> None:
    assert refused(card().replace(b"\x1e14\x1f02", b"\x1e14\x1f09")) is Hold.CONTENTS_MISCOUNTED


def test_a_transaction_must_say_whose_it_is() -> None:
    first = tagged(1, [(2, b"0502"), (3, b"1\x1f0"), (4, b"ENR"), (5, b"20260304"), (7, b"A"), (9, b"1")])
    assert refused(first.encoded()) is Hold.FIELD_MISSING


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (RecordLimits(max_bytes=1000), Hold.TOO_MANY_BYTES),
        (RecordLimits(max_records=4), Hold.TOO_MANY_RECORDS),
        (RecordLimits(max_pixels=3071), Hold.TOO_MANY_PIXELS),
        (RecordLimits(max_all_pixels=6143), Hold.TOO_MANY_PIXELS),
    ],
)
def test_too_much_is_refused(limits: RecordLimits, reason: Hold) -> None:
    assert refused(card(), limits) is reason


@pytest.mark.parametrize("flood", [[(15, b"\x1e" * 100_000)], [(15, b"\x1f" * 100_000)], [(15, b"")] * 2_001])
def test_a_flood_of_fields_or_items_is_refused_before_it_fills_the_memory(flood: list[tuple[int, bytes]]) -> None:
    assert refused(tagged(1, [(2, b"0502"), (3, b"1\x1f0"), *flood]).encoded()) is Hold.FIELD_MALFORMED


def test_texts_are_read_by_the_character_set_that_is_named() -> None:
    latin = card().replace(b"003\x1fUTF-8", b"001\x1fISO88").replace(b"N\xc3\xba\xc3\xb1ez", b"N\xfa\xf1 ez ")
    described = description_of(read(latin), BELIZE)
    assert isinstance(described, Description)
    assert described.biographic["name"] == {"family": "Núñ ez ", "given": "Ana"}
    agreed = card().replace(b"003\x1fUTF-8", b"128\x1fCP125").replace(b"N\xc3\xba\xc3\xb1ez", b"N\x80\xf1 ez ")
    described = description_of(read(agreed), BELIZE)
    assert isinstance(described, Description)
    assert described.biographic["name"] == {"family": "N€ñ ez ", "given": "Ana"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({12: (("19901302",),)}, Hold.FIELD_MALFORMED),
        ({13: (("Q",),)}, Hold.FIELD_MALFORMED),
        ({14: (("BLZ", "GTM"),)}, Hold.FIELD_MALFORMED),
        ({14: (("BLZ",), ("GTM",))}, Hold.FIELD_MALFORMED),
        ({10: (("",),)}, Hold.FIELD_MISSING),
    ],
)
def test_a_field_must_be_as_the_profile_says(fields: dict[int, tuple[tuple[str, ...], ...]], reason: Hold) -> None:
    refusal = description_of(read(itl.transaction([itl.described({**itl.PERSON, **fields})])), BELIZE)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is reason


def test_a_profile_takes_its_own_agencies_and_transactions() -> None:
    message = read(card())
    assert BELIZE.unfit(message.header) is None
    for changed, reason in ((b"BZPOLICE", Hold.AGENCY_UNKNOWN), (b"1.004:ENR", Hold.TRANSACTION_UNKNOWN)):
        other = read(card().replace(changed, changed[:-1] + b"X"))
        refusal = BELIZE.unfit(other.header)
        assert refusal is not None
        assert refusal.reason is reason
    assert load_profile("itl").unfit(message.header) is None


def test_a_deployers_profile_is_taken_or_its_fault_named(tmp_path: Path) -> None:
    text = (SHIPPED / "itl.toml").read_text(encoding="utf-8")
    (tmp_path / "mine.toml").write_text(text.replace("NORAM", "MINE"))
    assert load_profile("mine", tmp_path).domain == ("MINE", "")
    (tmp_path / "wrong.toml").write_text(text.replace('"any"', '"anything"'))
    with pytest.raises(BiometricServiceError) as caught:
        load_profile("wrong", tmp_path)
    assert caught.value.code is ErrorCode.SETTINGS_INVALID
    with pytest.raises(BiometricServiceError) as caught:
        load_profile("nobody's", tmp_path)
    assert caught.value.code is ErrorCode.REQUEST_INVALID


def test_a_text_that_would_end_its_field_is_not_written() -> None:
    with pytest.raises(BiometricServiceError) as caught:
        text_record(2, 0, [(10, (("a\x1db",),))], UNICODE)
    assert caught.value.code is ErrorCode.REQUEST_INVALID


@settings(max_examples=150)
@given(data=st.data())
def test_damage_anywhere_is_a_message_or_a_refusal(data: st.DataObject) -> None:
    changed = bytearray(card())
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, min(900, len(changed) - 1)))] = data.draw(st.integers(0, 255))
    message = read_message(bytes(changed), USUAL_LIMITS, BELIZE.sets)
    if isinstance(message, Message):
        assert message.encoded() == bytes(changed)
        assert isinstance(person_of(message, BELIZE, LIMITS), Person | Refusal)


def test_an_empty_message_of_any_header_is_whole() -> None:
    assert read(compose(itl.header(), UNICODE, []).encoded()).header == itl.header()

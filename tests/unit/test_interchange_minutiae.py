"""Minutiae in Type-9 records come back as they went in, to within what the record rounds."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.throughput.random_encounters import FINGERPRINT_FORMAT, random_minutiae
from biometric_service.interchange.itl.characters import PLAIN
from biometric_service.interchange.itl.message import Message
from biometric_service.interchange.itl.minutiae import EDITION, minutiae_count, minutiae_record, view_of
from biometric_service.interchange.itl.reading import read_message
from biometric_service.interchange.itl.writing import compose
from biometric_service.templates.minutiae_exchange import templates_of
from biometric_service.templates.minutiae_record import MinutiaeRecord
from biometric_service.vocabulary.samples import FingerPosition
from device_drivers.records.transactions import Record, Tagged
from tests import itl


def sent(record: Record) -> tuple[Message, Tagged]:
    message = read_message(compose(itl.header(), PLAIN, [record]).encoded())
    assert isinstance(message, Message), message
    [back] = message.records(9)
    assert isinstance(back, Tagged)
    return message, back


def test_a_template_comes_back_from_its_record() -> None:
    template = random_minutiae(np.random.default_rng(1), FingerPosition.LEFT_RING, count=40)
    message, record = sent(minutiae_record(3, 1, template))
    view = view_of(message, record)
    assert view is not None
    [back] = templates_of(MinutiaeRecord(EDITION, (view,)), FINGERPRINT_FORMAT)
    assert (record.idc(), minutiae_count(message, record), back.position) == (3, "40", FingerPosition.LEFT_RING)
    assert back.size == template.size
    assert np.abs(back.positions - template.positions).max() <= 0.5
    turned = np.angle(np.exp(1j * (back.directions - template.directions)))
    assert np.abs(turned).max() <= np.radians(1) + 1e-6
    np.testing.assert_array_equal(back.kinds, template.kinds)


def test_a_record_that_does_not_count_right_has_no_minutiae() -> None:
    record = minutiae_record(3, 1, random_minutiae(np.random.default_rng(1), FingerPosition.LEFT_RING, count=4))
    fields = tuple(replace(each, value=b"5") if each.number == 136 else each for each in record.fields)
    assert view_of(*sent(Tagged(9, fields))) is None


@pytest.mark.shared_data
@pytest.mark.parametrize(("name", "count"), [("type-9-13-std.an2", "48"), ("type9.an2k", "28")])
def test_minutiae_of_the_standards_own_form_are_counted(shared_data: Path, name: str, count: str) -> None:
    message = read_message((shared_data / "interchange" / name).read_bytes())
    assert isinstance(message, Message)
    [record] = message.records(9)
    assert isinstance(record, Tagged)
    assert (minutiae_count(message, record), view_of(message, record)) == (count, None)

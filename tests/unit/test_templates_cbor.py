"""CBOR as RFC 8949's appendix A has it, and refusals of what is not."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biometric_service.templates.cbor import read_cbor


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("00", 0),
        ("17", 23),
        ("1818", 24),
        ("1903e8", 1000),
        ("1a000f4240", 1000000),
        ("1b000000e8d4a51000", 1000000000000),
        ("20", -1),
        ("3903e7", -1000),
        ("f93c00", 1.0),
        ("f90001", 5.960464477539063e-8),
        ("fa47c35000", 100000.0),
        ("fb3ff199999999999a", 1.1),
        ("f4", False),
        ("f5", True),
        ("f6", None),
        ("4401020304", b"\1\2\3\4"),
        ("6161", "a"),
        ("62c3bc", "\u00fc"),
        ("80", []),
        ("83010203", [1, 2, 3]),
        ("9fff", []),
        ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
        ("a26161016162820203", {"a": 1, "b": [2, 3]}),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
    ],
)
def test_values_of_the_standard(data: str, value: object) -> None:
    read = read_cbor(bytes.fromhex(data))
    assert (read, type(read)) == (value, type(value))


def test_infinity() -> None:
    assert read_cbor(bytes.fromhex("f97c00")) == math.inf


@pytest.mark.parametrize(
    "data", ["", "18", "ff", "0000", "82ff00", "bf00ff", "c000", "1c", "81" * 20 + "00", "f8ff", "61ff"]
)
def test_anything_else_is_refused(data: str) -> None:
    with pytest.raises(ValueError, match=r"it|bytes|decode"):
        read_cbor(bytes.fromhex(data))


@given(st.binary(max_size=64))
def test_noise_gives_a_value_or_a_refusal(data: bytes) -> None:
    try:
        read_cbor(data)
    except ValueError:
        return
    assert data

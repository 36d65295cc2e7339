"""MOSIP's messages: what is missing before what is unknown, every number as a string, shares as MOSIP encrypts them."""

import base64
import json
import os

import pytest
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from biometric_service.interchange.cbeff.record import Bir
from biometric_service.interchange.cbeff.xml import write_xml
from biometric_service.interchange.mosip.messages import (
    Failure,
    MosipRefusal,
    MosipRequest,
    Operation,
    Result,
    read_request,
    written,
)
from biometric_service.interchange.mosip.shares import records_of

WHOLE = {
    "id": "mosip.abis.insert",
    "version": "1.1",
    "requestId": "r",
    "requesttime": "2020-03-29T07:01:24.692Z",
    "referenceId": "p",
    "referenceURL": "https://mosip.example/share",
}
RECORD = write_xml([Bir(b"FMR\0", None, ("Finger",), ("Right", "IndexFinger"))]).encoded()


def read(without: str = "", **changes: object) -> MosipRequest | MosipRefusal | None:
    return read_request(
        json.dumps({key: value for key, value in {**WHOLE, **changes}.items() if key != without}).encode()
    )


def test_a_whole_request_is_read() -> None:
    assert read() == MosipRequest(Operation.INSERT, "r", "p", "https://mosip.example/share")
    flags = {"maxResults": "3", "targetFPIR": "30", "other": "x"}
    gallery = {"referenceIds": [{"referenceId": "a"}, {"referenceId": "b"}]}
    asked = read(id="mosip.abis.identify", referenceURL="", flags=flags, gallery=gallery)
    assert asked == MosipRequest(Operation.IDENTIFY, "r", "p", "", ("a", "b"), 3)
    for nothing in (b"", b"[]", b"\xff", b"{", b"[" * 100_000):
        assert read_request(nothing) is None


@pytest.mark.parametrize(
    ("without", "changes", "failure"),
    [
        ("id", {}, Failure.ID_INVALID),
        ("", {"id": "mosip.abis.dance"}, Failure.ID_INVALID),
        ("", {"id": ["mosip.abis.ping"]}, Failure.ID_INVALID),
        ("requestId", {"surplus": 1}, Failure.REQUEST_ID_MISSING),
        ("requesttime", {"surplus": 1}, Failure.REQUEST_TIME_MISSING),
        ("referenceId", {"surplus": 1}, Failure.REFERENCE_ID_MISSING),
        ("referenceURL", {"surplus": 1}, Failure.REFERENCE_URL_MISSING),
        ("", {"referenceURL": ""}, Failure.REFERENCE_URL_MISSING),
        ("", {"surplus": 1}, Failure.REQUEST_INVALID),
        ("", {"requestId": 7}, Failure.REQUEST_INVALID),
        ("", {"referenceId": {"a": 1}}, Failure.REQUEST_INVALID),
        ("version", {}, Failure.VERSION_INVALID),
        ("", {"version": "one"}, Failure.VERSION_INVALID),
        ("", {"requesttime": "yesterday"}, Failure.REQUEST_TIME_INVALID),
        ("referenceId", {"id": "mosip.abis.identify", "referenceURL": None}, Failure.REFERENCE_ID_MISSING),
        ("", {"id": "mosip.abis.identify", "flags": {"maxResults": "many"}}, Failure.REQUEST_INVALID),
        ("", {"id": "mosip.abis.identify", "flags": {"maxResults": float("inf")}}, Failure.REQUEST_INVALID),
        ("", {"id": "mosip.abis.identify", "gallery": ["a"]}, Failure.REQUEST_INVALID),
    ],
)
def test_what_is_wrong_has_its_number(without: str, changes: dict[str, object], failure: Failure) -> None:
    refusal = read(without, **changes)
    assert isinstance(refusal, MosipRefusal)
    assert refusal.failure is failure


def test_answers_say_numbers_as_strings() -> None:
    answer = json.loads(written("mosip.abis.referenceCount", "r", Result({"count": "7"})))
    assert (answer["count"], answer["returnValue"], answer["requestId"]) == ("7", "1", "r")
    assert answer["responsetime"].endswith("Z")
    refused = json.loads(written("mosip.abis.insert", "r", Failure.REFERENCE_EXISTS))
    assert (refused["returnValue"], refused["failureReason"]) == ("2", "10")
    assert [each.value for each in Failure] == [str(number) for number in range(1, 19)]


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 2048)


def encrypted(key: rsa.RSAPrivateKey, plain: bytes, *, second: bool) -> bytes:
    secret, aad = os.urandom(32), os.urandom(32)
    wrapped = key.public_key().encrypt(secret, padding.OAEP(padding.MGF1(SHA256()), SHA256(), None))
    if second:
        packed = (
            b"VER_R2" + bytes(32) + wrapped + b"#KEY_SPLITTER#" + aad + AESGCM(secret).encrypt(aad[:12], plain, aad)
        )
        return base64.urlsafe_b64encode(packed).rstrip(b"=")
    packed = bytes(32) + wrapped + b"#KEY_SPLITTER#" + AESGCM(secret).encrypt(aad, plain, None) + aad
    return base64.b64encode(packed)


@pytest.mark.parametrize("second", [True, False])
def test_shares_open_with_the_partners_key_alone(key: rsa.RSAPrivateKey, second: bool) -> None:  # noqa: FBT001
    share = encrypted(key, RECORD, second=second)
    found = records_of(share, key)
    assert not isinstance(found, Failure)
    assert [each.data for each in found] == [b"FMR\0"]
    assert records_of(share, None) is Failure.CBEFF_INVALID
    assert records_of(share, rsa.generate_private_key(65_537, 2048)) is Failure.CBEFF_INVALID
    assert records_of(share[:-8], key) is Failure.CBEFF_INVALID


def test_what_is_no_share_has_its_number() -> None:
    expired = {"errors": [{"errorCode": "DAT-SER-006", "message": "Data share usage expired"}]}
    assert records_of(json.dumps(expired).encode(), None) is Failure.SHARE_EXPIRED
    assert records_of(write_xml([]).encoded(), None) is Failure.CBEFF_EMPTY
    for nothing in (b"", b"<BIR>", b"{}", b"!"):
        assert records_of(nothing, None) is Failure.CBEFF_INVALID

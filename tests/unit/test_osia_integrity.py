"""Hashes and signatures over what OSIA callers send are checked, also over what they encrypted."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from biometric_service.api.osia.allowance import allowance_for
from biometric_service.api.osia.contract import OPERATIONS
from biometric_service.api.osia.encryption import EncryptedNodes
from biometric_service.api.osia.integrity import IntegrityBlocks
from biometric_service.api.osia.protection import ProtectedBodies, may_be_protected
from biometric_service.errors import BiometricServiceError, ErrorCode

BODY: dict[str, Any] = {
    "filter": {"b": 1.0, "a": "\u20ac"},
    "biometricData": [{"image": "AAAA", "quality": 5}, {"image": "BBBB"}],
}
CANONICAL = '{"biometricData":[{"image":"AAAA"},{"image":"BBBB"}],"filter":{"a":"\u20ac","b":1}}'.encode()
SCOPE = "$.filter $.biometricData[*].image"
HASH = hashlib.sha256(CANONICAL).hexdigest()
SIGNER = ed25519.Ed25519PrivateKey.generate()
FORMS = (HASH, HASH.upper(), base64.b64encode(bytes.fromhex(HASH)).decode())


@pytest.fixture(scope="module")
def blocks(tmp_path_factory: pytest.TempPathFactory) -> IntegrityBlocks:
    path = tmp_path_factory.mktemp("keys") / "signers.json"
    public = jwt.algorithms.OKPAlgorithm.to_jwk(SIGNER.public_key(), as_dict=True)
    path.write_text(json.dumps({"keys": [{**public, "kid": "police"}]}), encoding="utf-8")
    return IntegrityBlocks(path)


def check(blocks: IntegrityBlocks, body: dict[str, Any]) -> None:
    ProtectedBodies(EncryptedNodes(None), blocks).opened(json.dumps(body).encode())


def protected(**block: object) -> dict[str, Any]:
    return {**BODY, "integrity": [{"scope": SCOPE, "alg": "SHA256", "hash": HASH, **block}]}


def signed(payload: str, key: ed25519.Ed25519PrivateKey = SIGNER) -> dict[str, Any]:
    return protected(type="JWS", signature=jwt.PyJWS().encode(payload.encode(), key, "EdDSA"))


@pytest.mark.parametrize("form", FORMS)
def test_the_hash_of_the_canonical_form_holds_however_it_is_written(blocks: IntegrityBlocks, form: str) -> None:
    check(blocks, protected(hash=form))
    check(blocks, {**protected(hash=form), "clientData": "which nobody hashed"})


def test_other_lengths_of_the_hash_are_read(blocks: IntegrityBlocks) -> None:
    for name in ("SHA384", "sha-512"):
        digest = hashlib.new(name.lower().replace("-", ""), CANONICAL).hexdigest()
        check(blocks, protected(alg=name, hash=digest))


def test_whatever_is_changed_in_the_scope_is_refused(blocks: IntegrityBlocks) -> None:
    for change in ({"filter": {"a": "e", "b": 1}}, {"biometricData": [{"image": "AAAA"}, {"image": "BBBC"}]}):
        with pytest.raises(BiometricServiceError) as fault:
            check(blocks, {**protected(), **change})
        assert fault.value.code is ErrorCode.SIGNATURE_INVALID


def written(body: dict[str, Any], before: str, after: str) -> bytes:
    return json.dumps(body).replace(before, after).encode()


def test_a_mark_is_found_however_it_is_written(blocks: IntegrityBlocks) -> None:
    bodies = ProtectedBodies(EncryptedNodes(None), blocks)
    hashed = written(protected(hash="0" * 64), '"integrity"', '"integrit\\u0079"')
    sealed = {"a": "sealed", "encryption": {"type": "JWE", "scope": "$.a"}}
    for text, told in ((hashed, "integrity"), (written(sealed, '"encryption"', '"\\u0065ncryption"'), "opens none")):
        assert may_be_protected(text)
        with pytest.raises(BiometricServiceError, match=told):
            bodies.opened(text)


def test_what_has_no_mark_is_left_as_it_is(blocks: IntegrityBlocks) -> None:
    escaped = json.dumps({"filter": {"name": "\u00c9va"}}).encode()
    assert ProtectedBodies(EncryptedNodes(None), blocks).opened(escaped) == escaped
    assert not may_be_protected(b'{"filter": {}, "biometricData": []}')


def test_properties_are_read_by_the_names_alone_by_which_they_are_checked() -> None:
    item = {"biometricType": "FACE", "integrity": [{"scope": "$.biometricType", "alg": "SHA256", "hash": "0"}]}
    operation = next(each for each in OPERATIONS if each.name == "identify")
    with pytest.raises(BiometricServiceError, match="biometric_data"):
        operation.read_body(json.dumps({"filter": {}, "biometric_data": [item]}).encode())
    said = {"filter": {"biometricType": ["FACE"]}, "biometricData": [item]}
    assert operation.read_body(json.dumps(said).encode()).biometric_data[0].integrity[0].hash == "0"


def test_a_hash_that_is_no_text_is_another(blocks: IntegrityBlocks) -> None:
    for code in ("\ud800", "\u20ac" * 32):
        with pytest.raises(BiometricServiceError) as fault:
            blocks.check(protected(hash=code), allowance_for(b""), encrypted=False)
        assert fault.value.code is ErrorCode.SIGNATURE_INVALID


def test_an_item_carries_its_own_block(blocks: IntegrityBlocks) -> None:
    digest = hashlib.sha256(b'{"image":"AAAA"}').hexdigest()
    item = {"image": "AAAA", "integrity": [{"scope": "$.image", "alg": "SHA256", "hash": digest}]}
    check(blocks, {"biometricData2": [item]})
    with pytest.raises(BiometricServiceError, match="integrity"):
        check(blocks, {"biometricData2": [{**item, "image": "AAAB"}]})


def test_a_known_signer_is_needed_where_there_is_a_signature(blocks: IntegrityBlocks) -> None:
    check(blocks, signed(HASH))
    for refused in (signed(HASH, ed25519.Ed25519PrivateKey.generate()), signed("another hash")):
        with pytest.raises(BiometricServiceError, match="No signer"):
            check(blocks, refused)
    with pytest.raises(BiometricServiceError, match="knows no signers"):
        check(IntegrityBlocks(None), signed(HASH))


@pytest.mark.parametrize(
    "block",
    [
        {"followRef": True},
        {"type": "PKCS7"},
        {"alg": "MD5"},
        {"scope": "$.absent"},
        {"scope": "$..image"},
        {"scope": "$.filter " * 65},
    ],
)
def test_a_block_that_cannot_be_checked_is_refused(blocks: IntegrityBlocks, block: dict[str, Any]) -> None:
    with pytest.raises(BiometricServiceError) as fault:
        check(blocks, protected(**block))
    assert fault.value.code is ErrorCode.REQUEST_INVALID


def blocks_over(scope: str, hashed: bytes, count: int) -> list[dict[str, Any]]:
    return [{"scope": scope, "alg": "SHA256", "hash": hashlib.sha256(hashed).hexdigest()}] * count


ITEM = {"image": "AAAA", "integrity": blocks_over("$.image", b'{"image":"AAAA"}', 1)}
LONG = "A" * 1_000_000
OFTEN = b'{"a":"' + LONG.encode() + b'"}'


def test_the_whole_and_a_few_hundred_pieces_may_be_hashed(blocks: IntegrityBlocks) -> None:
    check(blocks, {"biometricData1": [ITEM] * 100, "biometricData2": [ITEM] * 100})
    check(blocks, {"a": LONG, "integrity": blocks_over("$.a", OFTEN, 4)})


@pytest.mark.parametrize(
    "body",
    [
        {"a": 1, "integrity": blocks_over("$.a", b'{"a":1}', 257)},
        {"biometricData": [ITEM] * 257},
        {"a": LONG, "integrity": blocks_over("$.a", OFTEN, 6)},
        {"a": [0] * 250_000, "integrity": blocks_over("$.a", b"", 1)},
        {"a": "\n" * 250_000, "integrity": blocks_over("$.a", b"", 1)},
        {"a": [[0] * 5000], "integrity": blocks_over("$.a[*][*] " * 60, b"", 1)},
    ],
    ids=["blocks", "items", "bytes", "nodes", "escapes", "paths"],
)
def test_a_body_is_refused_that_asks_for_more_work_than_any_needs(
    blocks: IntegrityBlocks, body: dict[str, Any]
) -> None:
    with pytest.raises(BiometricServiceError) as fault:
        check(blocks, body)
    assert fault.value.code is ErrorCode.REQUEST_TOO_LARGE


def test_a_block_over_encrypted_data_is_checked_before_it_is_opened(blocks: IntegrityBlocks) -> None:
    encrypted = {"a": "sealed", "encryption": {"type": "JWE", "scope": "$.a"}}
    digest = hashlib.sha256(b'{"a":"other"}').hexdigest()
    block = {"scope": "$.a", "alg": "SHA256", "hash": digest, "encrypted": True}
    with pytest.raises(BiometricServiceError, match="integrity"):
        check(blocks, {**encrypted, "integrity": [block]})


def test_a_file_that_is_no_set_of_keys_is_a_wrong_setting(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("[]", encoding="utf-8")
    for path in (tmp_path / "keys", tmp_path / "absent"):
        with pytest.raises(BiometricServiceError) as fault:
            IntegrityBlocks(path)
        assert fault.value.code is ErrorCode.SETTINGS_INVALID

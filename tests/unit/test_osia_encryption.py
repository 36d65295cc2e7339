"""What callers encrypt by OSIA's contract is opened before it is read, and refused where it does not open."""

import base64
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import pkcs7

from biometric_service.api.osia.encryption import EncryptedNodes
from biometric_service.api.osia.integrity import IntegrityBlocks
from biometric_service.api.osia.protection import ProtectedBodies
from biometric_service.errors import BiometricServiceError, ErrorCode

KEY = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)


def certified(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "prison")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    today = datetime.now(UTC)
    return made.not_valid_before(today).not_valid_after(today + timedelta(days=1)).sign(key, SHA256())


CERTIFICATE = certified(KEY)


def coded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def jwe(plain: bytes, key: rsa.RSAPrivateKey = KEY, algorithm: str = "RSA-OAEP-256") -> str:
    head = coded(json.dumps({"alg": algorithm, "enc": "A256GCM"}).encode())
    content_key, nonce = AESGCM.generate_key(256), os.urandom(12)
    sealed = AESGCM(content_key).encrypt(nonce, plain, head.encode())
    wrapped = key.public_key().encrypt(content_key, OAEP(MGF1(SHA256()), SHA256(), None))
    return ".".join([head, *map(coded, (wrapped, nonce, sealed[:-16], sealed[-16:]))])


@pytest.fixture(scope="module")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> EncryptedNodes:
    path = tmp_path_factory.mktemp("keys") / "osia.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(KEY.private_bytes(*form) + CERTIFICATE.public_bytes(serialization.Encoding.PEM))
    return EncryptedNodes(path)


def opened(nodes: EncryptedNodes, body: dict[str, Any]) -> Any:  # noqa: ANN401
    return json.loads(ProtectedBodies(nodes, IntegrityBlocks(None)).opened(json.dumps(body).encode()))


def scoped(*paths: str) -> dict[str, str]:
    return {"type": "JWE", "scope": " ".join(paths)}


def test_an_object_and_a_buffer_come_back(nodes: EncryptedNodes) -> None:
    body = {
        "biographicData": jwe(b'{"name": "A"}'),
        "biometricData": [{"image": jwe(b"\x89PNG")}, {"image": jwe(base64.b64encode(b"\x89PNG"))}],
        "encryption": scoped("$.biographicData", "$.biometricData[*].image"),
    }
    image = base64.b64encode(b"\x89PNG").decode()
    assert opened(nodes, body) == {"biographicData": {"name": "A"}, "biometricData": [{"image": image}] * 2}


def enveloped(plain: bytes, form: serialization.Encoding, certificate: x509.Certificate = CERTIFICATE) -> bytes:
    sealing = pkcs7.PKCS7EnvelopeBuilder().set_data(plain).add_recipient(certificate)
    return sealing.encrypt(form, [pkcs7.PKCS7Options.Binary])


def test_enveloped_data_opens_with_the_certificate_and_key_of_the_deployment(nodes: EncryptedNodes) -> None:
    body = {
        "biographicData": enveloped(b'{"name": "A"}', serialization.Encoding.PEM).decode(),
        "image": base64.b64encode(enveloped(b"\x89PNG", serialization.Encoding.DER)).decode(),
        "encryption": {"type": "PKCS7", "scope": "$.biographicData $.image"},
    }
    assert opened(nodes, body) == {"biographicData": {"name": "A"}, "image": base64.b64encode(b"\x89PNG").decode()}


def test_enveloped_data_for_somebody_else_or_without_a_certificate_is_refused(
    nodes: EncryptedNodes, tmp_path: Path
) -> None:
    foreign = enveloped(b"x", serialization.Encoding.PEM, certified(OTHER)).decode()
    body = {"a": foreign, "encryption": {"type": "PKCS7", "scope": "$.a"}}
    with pytest.raises(BiometricServiceError, match="does not open"):
        opened(nodes, body)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "key").write_bytes(KEY.private_bytes(*form))
    with pytest.raises(BiometricServiceError, match="opens JWE"):
        opened(EncryptedNodes(tmp_path / "key"), body)


def test_an_item_says_itself_what_of_it_is_encrypted_also_where_all_items_are(nodes: EncryptedNodes) -> None:
    items = [{"image": jwe(b"\0"), "encryption": scoped("$.image")}]
    assert opened(nodes, {"biometricData1": items}) == {"biometricData1": [{"image": "AA=="}]}
    hidden = {"biometricData": jwe(json.dumps(items).encode()), "encryption": scoped("$.biometricData")}
    assert opened(nodes, hidden) == {"biometricData": [{"image": "AA=="}]}


def test_what_is_not_encrypted_is_left_as_it_is(nodes: EncryptedNodes) -> None:
    for text in (b'{"a": 1}', b"", b'{"encryption"', b'["encryption"]'):
        assert ProtectedBodies(nodes, IntegrityBlocks(None)).opened(text) == text


@pytest.mark.parametrize(
    "make",
    [
        lambda: {"a": jwe(b"x", OTHER), "encryption": scoped("$.a")},
        lambda: {"a": jwe(b"x", algorithm="RSA1_5"), "encryption": scoped("$.a")},
        lambda: {"a": jwe(b"x")[:-4] + "AAAA", "encryption": scoped("$.a")},
        lambda: {"a": "not.a.jwe", "encryption": scoped("$.a")},
        lambda: {"a": 5, "encryption": scoped("$.a")},
        lambda: {"a": jwe(b"{x"), "encryption": scoped("$.a")},
        lambda: {"a": jwe(b"x"), "encryption": scoped("$.b")},
        lambda: {"a": jwe(b"x"), "encryption": scoped("$..a")},
        lambda: {"a": jwe(b"x"), "encryption": {"type": "PKCS7", "scope": "$.a"}},
        lambda: {"a": jwe(b"x"), "encryption": []},
        lambda: {"integrity": jwe(b'[{"encrypted": true}]'), "encryption": scoped("$.integrity")},
    ],
)
def test_what_does_not_open_is_refused(nodes: EncryptedNodes, make: Callable[[], dict[str, Any]]) -> None:
    with pytest.raises(BiometricServiceError) as fault:
        opened(nodes, make())
    assert fault.value.code is ErrorCode.REQUEST_INVALID


def test_no_more_is_opened_than_one_request_needs(nodes: EncryptedNodes) -> None:
    body = {"a": ["not even tried"] * 257, "encryption": scoped("$.a[*]")}
    with pytest.raises(BiometricServiceError) as fault:
        opened(nodes, body)
    assert fault.value.code is ErrorCode.REQUEST_TOO_LARGE


def test_without_a_key_everything_encrypted_is_refused_and_a_wrong_key_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(BiometricServiceError, match="opens none"):
        opened(EncryptedNodes(None), {"a": jwe(b"x"), "encryption": scoped("$.a")})
    (tmp_path / "key").write_text("none", encoding="utf-8")
    for path in (tmp_path / "key", tmp_path / "absent"):
        with pytest.raises(BiometricServiceError) as fault:
            EncryptedNodes(path)
        assert fault.value.code is ErrorCode.SETTINGS_INVALID

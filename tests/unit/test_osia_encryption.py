"""What callers encrypt by OSIA's contract is opened before it is read, and refused where it does not open."""

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from biometric_service.api.osia.encryption import EncryptedNodes
from biometric_service.errors import BiometricServiceError, ErrorCode

KEY = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)


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
    path.write_bytes(KEY.private_bytes(*form))
    return EncryptedNodes(path)


def opened(nodes: EncryptedNodes, body: dict[str, Any]) -> Any:  # noqa: ANN401
    return json.loads(nodes.opened(json.dumps(body).encode()))


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


def test_an_item_says_itself_what_of_it_is_encrypted_also_where_all_items_are(nodes: EncryptedNodes) -> None:
    items = [{"image": jwe(b"\0"), "encryption": scoped("$.image")}]
    assert opened(nodes, {"biometricData1": items}) == {"biometricData1": [{"image": "AA=="}]}
    hidden = {"biometricData": jwe(json.dumps(items).encode()), "encryption": scoped("$.biometricData")}
    assert opened(nodes, hidden) == {"biometricData": [{"image": "AA=="}]}


def test_what_is_not_encrypted_is_left_as_it_is(nodes: EncryptedNodes) -> None:
    for text in (b'{"a": 1}', b"", b'{"encryption"', b'["encryption"]'):
        assert nodes.opened(text) == text


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
    ],
)
def test_what_does_not_open_is_refused(nodes: EncryptedNodes, make: Callable[[], dict[str, Any]]) -> None:
    with pytest.raises(BiometricServiceError) as fault:
        opened(nodes, make())
    assert fault.value.code is ErrorCode.REQUEST_INVALID


def test_without_a_key_everything_encrypted_is_refused_and_a_wrong_key_is_a_wrong_setting(tmp_path: Path) -> None:
    with pytest.raises(BiometricServiceError, match="no key"):
        opened(EncryptedNodes(None), {"a": jwe(b"x"), "encryption": scoped("$.a")})
    (tmp_path / "key").write_text("none", encoding="utf-8")
    for path in (tmp_path / "key", tmp_path / "absent"):
        with pytest.raises(BiometricServiceError) as fault:
            EncryptedNodes(path)
        assert fault.value.code is ErrorCode.SETTINGS_INVALID

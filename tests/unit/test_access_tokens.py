"""Access tokens: only the issuer's own, for this service, in force, signed as it should be."""

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from biometric_service.api.access.jwks import LEAST_INTERVAL_S, IssuerKeys, source_of
from biometric_service.api.access.tokens import TokenReader, TokenRules
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.access import Scope, Token
from biometric_service.vocabulary.references import ALL_GALLERIES

RULES = TokenRules("https://issuer.example", "biometrics", 30, "galleries", "purposes")
RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
JWKS: dict[str, Any] = {
    "keys": [
        {**json.loads(RSAAlgorithm.to_jwk(RSA_KEY.public_key())), "kid": "rsa", "use": "sig"},
        {**json.loads(ECAlgorithm.to_jwk(EC_KEY.public_key())), "kid": "ec"},
        {**json.loads(OKPAlgorithm.to_jwk(ED_KEY.public_key())), "kid": "ed"},
        {**json.loads(RSAAlgorithm.to_jwk(RSA_KEY.public_key())), "kid": "enc", "use": "enc"},
        {"kty": "oct", "k": base64.urlsafe_b64encode(b"s" * 32).decode(), "kid": "oct", "alg": "HS256"},
    ]
}
KEYS: dict[str, tuple[Any, str]] = {"rsa": (RSA_KEY, "RS256"), "ec": (EC_KEY, "ES256"), "ed": (ED_KEY, "EdDSA")}
CLAIMS: dict[str, Any] = {
    "iss": RULES.issuer,
    "aud": RULES.audience,
    "sub": "gate-system",
    "scope": "openid abis.identify abis.verify",
    "galleries": ["ours"],
    "purposes": ["roll-call", "movement"],
}


def claims(**changes: object) -> dict[str, Any]:
    changed = {**CLAIMS, "exp": time.time() + 60, **changes}
    return {name: value for name, value in changed.items() if value is not None}


def token(kid: str = "ec", header: dict[str, Any] | None = None, **changes: object) -> str:
    key, algorithm = KEYS[kid]
    return jwt.encode(claims(**changes), key, algorithm, {"kid": kid, "typ": "at+jwt", **(header or {})})


@pytest.fixture
def read() -> Callable[[str], Token | None]:
    return TokenReader(RULES, IssuerKeys(json.dumps(JWKS).encode, 300)).read


@pytest.mark.parametrize("kid", KEYS)
def test_a_token_of_the_issuer_is_a_principal(read: Callable[[str], Token | None], kid: str) -> None:
    found = read(token(kid))
    assert found
    assert found.actor == "jwt:gate-system"
    assert found.caller().officer == "gate-system@https://issuer.example"
    assert found.scopes == {Scope.IDENTIFY, Scope.VERIFY}
    assert found.galleries == {"ours"}
    assert found.purposes == {"roll-call", "movement"}
    assert not found.may_search(ALL_GALLERIES)


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": time.time() - 60},
        {"exp": None},
        {"nbf": time.time() + 3600},
        {"aud": "another"},
        {"aud": None},
        {"iss": "https://issuer.example.evil"},
        {"iss": None},
        {"sub": None},
        {"sub": "two\nlines"},
        {"sub": "x" * 200},
        {"client_id": "x" * 200},
        {"client_id": "two\nlines"},
        {"cnf": {"jkt": "unknown"}},
        {"header": {"typ": "logout+jwt"}},
        {"header": {"kid": "another"}},
        {"header": {"kid": "enc"}},
        {"header": {"crit": ["exp2"], "exp2": 1}},
    ],
)
def test_a_token_that_is_not_right_in_every_way_is_none(
    read: Callable[[str], Token | None], changes: dict[str, Any]
) -> None:
    assert read(token(**changes)) is None


@pytest.mark.parametrize(
    ("client", "actor", "owner"),
    [
        ("console", "jwt:console", "ana@https://issuer.example"),
        ("ana", "jwt:ana", ""),
        (None, "jwt:ana", "ana@https://issuer.example"),
    ],
)
def test_a_token_is_owned_by_whom_it_was_made_for_and_by_nobody_where_a_client_comes_for_itself(
    read: Callable[[str], Token | None], client: str | None, actor: str, owner: str
) -> None:
    found = read(token(sub="ana", client_id=client))
    assert found
    assert (found.actor, found.owner) == (actor, owner)


def test_a_clock_that_is_a_little_off_is_forgiven(read: Callable[[str], Token | None]) -> None:
    assert read(token(exp=time.time() - 20))


def test_a_token_without_a_signature_or_signed_with_the_public_key_is_none(
    read: Callable[[str], Token | None],
) -> None:
    unsigned = jwt.encode(claims(), "", "none", {"kid": "ec"})
    public = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "rsa"}).encode()).rstrip(b"=")
    body = base64.urlsafe_b64encode(json.dumps(claims()).encode()).rstrip(b"=")
    signature = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256).sign(head + b"." + body, public)
    confused = b".".join((head, body, base64.urlsafe_b64encode(signature).rstrip(b"="))).decode()
    symmetric = jwt.encode(claims(), b"s" * 32, "HS256", {"kid": "oct"})
    longer = jwt.encode(claims(), RSA_KEY, "RS512", {"kid": "rsa"})
    assert [read(each) for each in (unsigned, confused, symmetric, longer)] == [None] * 4


@pytest.mark.parametrize("garbage", ["", "..", "a.b.c", "é.é.é", "x" * 9000, token()[:-4], token() + "A"])
def test_garbage_is_none(read: Callable[[str], Token | None], garbage: str) -> None:
    assert read(garbage) is None


def test_a_token_without_galleries_reaches_none(read: Callable[[str], Token | None]) -> None:
    found = read(token(galleries=None, purposes=None, scope=None))
    assert found
    assert not found.galleries | found.purposes | found.scopes


def test_a_bound_token_names_its_certificate(read: Callable[[str], Token | None]) -> None:
    thumbprint = base64.urlsafe_b64encode(b"\x12" * 32).rstrip(b"=").decode()
    found = read(token(cnf={"x5t#S256": thumbprint}))
    assert found
    assert found.confirmation == "12" * 32


class Issuer:
    """Counts how often its keys are read; ``keys`` is what it answers, an exception what it raises."""

    def __init__(self, keys: dict[str, Any]) -> None:
        self.keys: dict[str, Any] | Exception = keys
        self.reads = 0
        self.now = 0.0

    def __call__(self) -> bytes:
        self.reads += 1
        if isinstance(self.keys, Exception):
            raise self.keys
        return json.dumps(self.keys).encode()


def without(kid: str) -> dict[str, Any]:
    return {"keys": [key for key in JWKS["keys"] if key["kid"] != kid]}


def test_a_new_key_is_found_at_once_and_strangers_do_not_make_us_ask_again_and_again() -> None:
    issuer = Issuer(without("ec"))
    keys = IssuerKeys(issuer, 300, lambda: issuer.now)
    assert keys.find("rsa")
    issuer.now = LEAST_INTERVAL_S
    issuer.keys = JWKS
    assert keys.find("ec")
    assert [keys.find(f"stranger-{number}") for number in range(100)] == [None] * 100
    assert issuer.reads == 2


def test_a_key_that_the_issuer_withdrew_ends_with_the_cache() -> None:
    issuer = Issuer(JWKS)
    keys = IssuerKeys(issuer, 300, lambda: issuer.now)
    assert keys.find("ec")
    issuer.keys = without("ec")
    issuer.now = 301
    assert keys.find("ec") is None


@pytest.mark.parametrize("fault", [OSError("down"), ValueError("not JSON")])
def test_the_keys_known_last_stay_good_while_the_issuer_is_away(fault: Exception) -> None:
    issuer = Issuer(JWKS)
    keys = IssuerKeys(issuer, 300, lambda: issuer.now)
    assert keys.find("ec")
    issuer.keys, issuer.now = fault, 1000
    assert keys.find("ec")


def test_keys_come_from_a_file_or_over_https_alone(tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_text(json.dumps(JWKS))
    assert IssuerKeys(source_of(str(tmp_path / "jwks.json")), 300).find("ec")
    for place in ("http://issuer.example/jwks", "ftp://issuer.example/jwks", "file:///etc/passwd"):
        with pytest.raises(BiometricServiceError) as refused:
            source_of(place)
        assert refused.value.code is ErrorCode.SETTINGS_INVALID

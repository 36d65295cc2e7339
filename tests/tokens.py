"""An issuer of access tokens, for tests of a service that trusts it."""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from biometric_service.settings import Settings
from biometric_service.vocabulary.access import Scope
from tests.live_service import without_models

ISSUER, AUDIENCE = "https://login.example", "biometrics"
SIGNING = ec.generate_private_key(ec.SECP256R1())


def trusting(folder: Path, **changes: Any) -> Settings:  # noqa: ANN401
    """Settings of a service that takes its tokens."""
    keys = folder / "jwks.json"
    keys.write_text(json.dumps({"keys": [{**json.loads(ECAlgorithm.to_jwk(SIGNING.public_key())), "kid": "1"}]}))
    return without_models(folder, jwt_issuer=ISSUER, jwt_audience=AUDIENCE, jwt_jwks=str(keys), **changes)


def token(subject: str, client: str, scopes: Iterable[Scope] = Scope) -> str:
    """Another one each time, for everywhere and anything."""
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": subject, "client_id": client, "exp": time.time() + 600}
    rights = {"scope": " ".join(scopes), "galleries": "ALL", "purposes": "*"}
    return jwt.encode({**claims, **rights}, SIGNING, "ES256", {"kid": "1", "typ": "at+jwt"})

"""Access tokens of an OAuth 2 issuer (RFC 9068): checked, and read as a principal.

``scope`` (or ``scp``) gives the scopes, those of other services are passed over. Galleries and purposes are claims of
their own, whose names are settings; a token without them reaches no gallery and no purpose. It is owned by whom it was
made for (``sub``), but a client that comes for itself is no officer: its ``client_id`` is the ``sub`` (RFC 9068).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt

from biometric_service.api.access.certificates import confirmation_of
from biometric_service.api.access.jwks import IssuerKeys
from biometric_service.vocabulary.access import Scope, Token
from biometric_service.vocabulary.references import GalleryId

ALGORITHMS = ("RS256", "ES256", "EdDSA")
TYPES = {"", "jwt", "at+jwt", "application/at+jwt"}
REQUIRED = ("exp", "iss", "aud", "sub")
LONGEST = 8192
LONGEST_NAME = 128
LONGEST_OWNER = 255


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What a token must say, and which claims tell where and what for; ``leeway_s`` for clocks that differ."""

    issuer: str
    audience: str
    leeway_s: float
    galleries_claim: str
    purposes_claim: str


class TokenReader:
    """Reads tokens of one issuer."""

    def __init__(self, rules: TokenRules, keys: IssuerKeys) -> None:
        self._rules = rules
        self._keys = keys

    def read(self, token: str) -> Token | None:
        """What the token says; None where it is not the issuer's, not for this service, or not in force."""
        try:
            return self._principal(self._claims(token))
        except (jwt.PyJWTError, ValueError, TypeError):
            return None

    def _claims(self, token: str) -> Mapping[str, Any]:
        header = jwt.get_unverified_header(token) if len(token) <= LONGEST else {}
        key = self._keys.find(str(header.get("kid", "")))
        if key is None or header.get("alg") not in ALGORITHMS or str(header.get("typ", "")).lower() not in TYPES:
            raise ValueError("not a token of the issuer")
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key.key,
            algorithms=[str(header["alg"])],
            audience=self._rules.audience,
            issuer=self._rules.issuer,
            leeway=self._rules.leeway_s,
            options={"require": list(REQUIRED)},
        )
        return claims

    def _principal(self, claims: Mapping[str, Any]) -> Token:
        subject = _name(claims["sub"])
        client = _name(claims.get("client_id") or subject)
        itself = claims.get("client_id") == subject
        return Token(
            id=f"jwt:{client}",
            name=client,
            scopes=frozenset(_scopes(claims)),
            galleries=frozenset(map(GalleryId, _names(claims.get(self._rules.galleries_claim)))),
            purposes=frozenset(_names(claims.get(self._rules.purposes_claim))),
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            owner="" if itself else _name(f"{subject}@{self._rules.issuer}", LONGEST_OWNER),
            confirmation=confirmation_of(claims.get("cnf")),
            issuer=self._rules.issuer,
            subject=subject,
        )


def _name(claim: object, longest: int = LONGEST_NAME) -> str:
    name = str(claim)
    if not (0 < len(name) <= longest and name.isprintable()):
        raise ValueError("the subject is not a name")
    return name


def _scopes(claims: Mapping[str, Any]) -> list[Scope]:
    known = {scope.value: scope for scope in Scope}
    return [known[name] for name in _names(claims.get("scope") or claims.get("scp")) if name in known]


def _names(claim: object) -> list[str]:
    """A claim as names: a list of texts, or one text with blanks between them."""
    if isinstance(claim, str):
        return claim.split()
    return [name for name in claim if isinstance(name, str)] if isinstance(claim, list) else []

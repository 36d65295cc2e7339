"""Who is signed in to the console: kept by the browser in a cookie that only this service opens.

The cookie holds the officer's key, sealed (AES-256-GCM) under a key of the store, so that every process of a service
opens it, a key that is revoked ends its sessions at once, and no script can read it (HttpOnly, SameSite=Strict). What a
page sends to change something also carries the session's token, which another site cannot know. Of a session that was
signed out of the store keeps until its end that it is over, so that a copy of the cookie is good for nothing.
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
import time
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from starlette.requests import Request
from starlette.responses import Response

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.settings import Settings

TOKEN_HEADER = "X-Console-Token"  # noqa: S105 - the name of a header
TOKEN_FIELD = "token"  # noqa: S105 - the name of a field
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
KEY_BYTES = 32
NONCE_BYTES = 12
HOUR_S = 3600
MINUTE_S = 60
RENEWED_AFTER_S = 60
"""A session is written anew when it was last used so long ago, not at every request."""
_PURPOSE = b"biometric-service console sessions"


@dataclass(frozen=True, slots=True)
class Session:
    """``secret``: the key or token that was signed in with. ``purpose``: what goes with everything that is asked.

    ``token``: what forms must bring along. ``began``, ``seen``: seconds of the epoch.
    """

    secret: str = field(repr=False)
    purpose: str
    token: str = field(repr=False)
    began: float
    seen: float

    @classmethod
    def of(cls, secret: str, purpose: str) -> Self:
        """A session that begins now."""
        now = time.time()
        return cls(secret, purpose, secrets.token_urlsafe(KEY_BYTES), now, now)

    @property
    def id(self) -> str:
        """What it is called where nobody may learn its token: the same for every copy of it."""
        return hashlib.sha256(self.token.encode()).hexdigest()

    def until(self, settings: Settings) -> datetime:
        """When it is over however much it is used."""
        return datetime.fromtimestamp(self.began + settings.session_hours * HOUR_S, UTC)

    def in_force(self, settings: Settings, now: float) -> bool:
        """Whether it neither stayed unused for too long nor is too old."""
        idle, age = now - self.seen, now - self.began
        return idle < settings.session_idle_minutes * MINUTE_S and age < settings.session_hours * HOUR_S

    def renewed(self) -> Self:
        """The same, used now."""
        return replace(self, seen=time.time())

    def is_due(self) -> bool:
        """Whether its last use is to be written anew."""
        return time.time() - self.seen > RENEWED_AFTER_S


class SessionSeal:
    """Writes sessions into cookies and reads them back. ``key``: 32 bytes that all processes of the service share."""

    def __init__(self, key: bytes, settings: Settings) -> None:
        self._cipher = AESGCM(HKDFExpand(SHA256(), KEY_BYTES, _PURPOSE).derive(key))
        self._settings = settings
        self._secure = settings.tls or bool(settings.trusted_proxies)

    @property
    def cookie(self) -> str:
        """Its name: over TLS one that browsers take from this host alone."""
        return "__Host-session" if self._secure else "session"

    def read(self, request: Request) -> Session | None:
        """The session of a request; None where there is none, or none in force."""
        sealed = request.cookies.get(self.cookie, "")
        session = self._opened(sealed) if sealed else None
        return session if session and session.in_force(self._settings, time.time()) else None

    def write(self, response: Response, session: Session) -> None:
        """Have the browser keep the session until it is over, or the browser is closed."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, json.dumps(asdict(session)).encode(), _PURPOSE)
        text = base64.urlsafe_b64encode(sealed).decode()
        response.set_cookie(self.cookie, text, path="/", secure=self._secure, httponly=True, samesite="strict")

    def forget(self, response: Response) -> None:
        """Have the browser drop it."""
        response.delete_cookie(self.cookie, path="/", secure=self._secure, httponly=True, samesite="strict")

    def _opened(self, sealed: str) -> Session | None:
        try:
            raw = base64.urlsafe_b64decode(sealed.encode())
            return Session(**json.loads(self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], _PURPOSE)))
        except (InvalidTag, ValueError, TypeError):  # not ours, or of another version
            return None


def session_of(request: Request) -> Session | None:
    """The session by which the gate knew who makes the request; None where it was something else."""
    session: Session | None = getattr(request.state, "session", None)
    return session


async def require_token(request: Request, session: Session) -> None:
    """NOT_AUTHORISED unless what changes something comes from a page of this session."""
    if request.method in SAFE_METHODS:
        return
    given = request.headers.get(TOKEN_HEADER) or await _field(request)
    if not hmac.compare_digest(given.encode(), session.token.encode()):
        raise BiometricServiceError(
            ErrorCode.NOT_AUTHORISED,
            "The request does not come from a page of this session.",
            "Open the page again and send it from there.",
        )


async def _field(request: Request) -> str:
    """The token in a form, empty where there is none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        return ""
    await request.body()  # kept, so that others can read it too
    given = (await request.form()).get(TOKEN_FIELD)
    return given if isinstance(given, str) else ""

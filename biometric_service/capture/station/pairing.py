"""A page is paired with the agent once: the code on the agent's terminal becomes a token that the page keeps.

The code is good for one page, a few minutes and a few tries. Of the token only a digest is kept, in a file of the
user's own, so that a restart of the agent asks nobody to pair again.
"""

import hashlib
import hmac
import secrets
import time
from pathlib import Path

from device_drivers.key_files import require_private, write_new

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that are taken for one another."""
CODE_LETTERS, CODE_SECONDS, CODE_TRIES = 8, 600.0, 5


class Pairing:
    """Knows the one page that is paired. ``file``: where the digest of its token is kept."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._code = ""
        self._until = 0.0
        self._tries = 0

    @property
    def waits(self) -> bool:
        """Whether a code was shown that is still good."""
        return bool(self._code) and self._tries > 0 and time.monotonic() <= self._until

    def offer(self) -> str:
        """A fresh code to be shown, such as ``ABCD-EFGH``; any before it is void."""
        self._code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS))
        self._until, self._tries = time.monotonic() + CODE_SECONDS, CODE_TRIES
        half = CODE_LETTERS // 2
        return f"{self._code[:half]}-{self._code[half:]}"

    def accept(self, said: str) -> str | None:
        """The token for whoever says the code, None for any other; the page that was paired before is no longer.

        DeviceError(PERMISSION) where it cannot be kept.
        """
        if not self.waits:
            return None
        self._tries -= 1
        if not hmac.compare_digest(self._code.encode(), said.replace("-", "").strip().upper().encode()):
            return None
        self._code = ""
        token = secrets.token_urlsafe(32)
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file.unlink(missing_ok=True)
        write_new(self._file, _digest(token).encode(), 0o600)
        return token

    def admits(self, token: str) -> bool:
        """Whether the page that has this token is the one that is paired.

        DeviceError(PERMISSION) where others may read the file, so that they may have put their own there.
        """
        if not self._file.exists():
            return False
        require_private(self._file)
        return hmac.compare_digest(_digest(token), self._file.read_text("ascii", "replace").strip())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()

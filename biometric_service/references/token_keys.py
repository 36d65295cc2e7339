"""A master key that never leaves its PKCS#11 token: a smart card, a network HSM, SoftHSM.

The key is AES-256, made in the token, neither readable nor extractable. The token wraps and opens the store key itself
(CKM_AES_GCM) and tells one key from another by encrypting a constant (CKM_AES_ECB). It is asked when the store is
opened, rotated or renewed, and not for every request. A URI (RFC 7512) names module, token, key and PIN.
"""

import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.key_faults import unusable
from biometric_service.references.protection import Binding, MasterKey, tampered

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pkcs11

PIN_CREDENTIAL: Final = "pkcs11-pin"
_NONCE_BYTES: Final = 12
_KEY_BITS: Final = 256
_TAG_BITS: Final = 128
_CHECK_BLOCKS: Final = b"biometric-service master check 1"
_REFUSED_PINS = frozenset({"PinIncorrect", "PinInvalid", "PinLenRange", "PinLocked", "PinExpired"})


@dataclass(frozen=True, slots=True)
class TokenAddress:
    """Where a key is: the module's shared library, the token's and the key's labels, and the user's PIN."""

    module: str
    token: str
    key: str
    pin: str


def parse_uri(uri: str) -> TokenAddress:
    """The address that a ``pkcs11:token=...;object=...?module-path=...`` names (RFC 7512); SETTINGS_INVALID.

    The PIN is ``pin-value``, or in the file that ``pin-source`` names, or in systemd's credential ``pkcs11-pin``.
    """
    path, _, query = uri.removeprefix("pkcs11:").partition("?")
    found = {**_attributes(path, ";"), **_attributes(query, "&")}
    missing = [name for name in ("token", "object", "module-path") if not found.get(name)]
    if missing or not uri.startswith("pkcs11:"):
        raise BiometricServiceError(
            ErrorCode.SETTINGS_INVALID,
            f"The URI of the master key's token lacks {', '.join(missing) or 'the scheme pkcs11:'}.",
            "Write pkcs11:token=LABEL;object=LABEL?module-path=LIBRARY&pin-source=file:FILE (RFC 7512).",
        )
    return TokenAddress(found["module-path"], found["token"], found["object"], _pin(found))


class TokenKey:
    """The key at an address; made in the token where the store is new and the token has none of this label."""

    def __init__(self, address: TokenAddress) -> None:
        self._address = address

    def open(self, *, create: bool) -> MasterKey:
        """The key, asked of the token at every use; KEY_UNUSABLE says what is wrong with library, token, PIN or key."""
        wrapping = _TokenWrapping(self._address)
        with _session(self._address, writing=create) as session:
            check = _check(_key(session, self._address, create=create))
        return MasterKey(check, wrapping)


class _TokenWrapping:
    """Seals and opens inside the token; each use is a session of its own, so that a token may come back."""

    def __init__(self, address: TokenAddress) -> None:
        self._address = address

    def seal(self, plain: bytes, binding: Binding) -> bytes:
        """Nonce, ciphertext and tag; KEY_UNUSABLE where the token is gone."""
        nonce = os.urandom(_NONCE_BYTES)
        with _session(self._address) as session:
            sealed: bytes = _key(session, self._address).encrypt(plain, **_gcm(nonce, binding))
        return nonce + sealed

    def open(self, sealed: bytes, binding: Binding) -> bytes:
        """What was sealed; RECORD_TAMPERED, KEY_UNUSABLE."""
        from pkcs11.exceptions import PKCS11Error  # noqa: PLC0415 - an extra

        with _session(self._address) as session:
            key = _key(session, self._address)
            try:
                opened: bytes = key.decrypt(sealed[_NONCE_BYTES:], **_gcm(sealed[:_NONCE_BYTES], binding))
            except PKCS11Error:
                raise tampered() from None
        return opened


def _attributes(text: str, separator: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(separator) if part)
    return {name: unquote(value) for name, _, value in pairs}


def _pin(found: dict[str, str]) -> str:
    if "pin-value" in found:
        return found["pin-value"]
    source = found.get("pin-source", "").removeprefix("file:")
    path = Path(source) if source else Path(os.environ.get("CREDENTIALS_DIRECTORY", "")) / PIN_CREDENTIAL
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise unusable(
            "The PIN of the master key's token cannot be read.",
            f"Name its file (pin-source=file:FILE), or give systemd's credential {PIN_CREDENTIAL}.",
        ) from None


@contextmanager
def _session(address: TokenAddress, *, writing: bool = False) -> "Iterator[pkcs11.Session]":
    if find_spec("pkcs11") is None:
        action = "Install it with: pip install 'biometric-service[pkcs11]'."
        raise unusable("The master key is in a token, and PKCS#11 is not installed.", action)
    from pkcs11.exceptions import PKCS11Error  # noqa: PLC0415 - an extra

    try:
        with _opened(address, writing=writing) as session:
            yield session
    except (PKCS11Error, RuntimeError, OSError) as fault:
        raise _typed(fault, address) from fault


def _opened(address: TokenAddress, *, writing: bool) -> "pkcs11.Session":
    """A session; a library that has lost its token finds it again only once it is begun anew."""
    import pkcs11  # noqa: PLC0415 - an extra
    from pkcs11.exceptions import PKCS11Error  # noqa: PLC0415 - an extra

    library = pkcs11.lib(address.module)
    try:
        return library.get_token(token_label=address.token).open(rw=writing, user_pin=address.pin)
    except PKCS11Error as fault:
        if type(fault).__name__ in _REFUSED_PINS:
            raise
    library.reinitialize()
    return library.get_token(token_label=address.token).open(rw=writing, user_pin=address.pin)


def _key(session: "pkcs11.Session", address: TokenAddress, *, create: bool = False) -> "Any":  # noqa: ANN401
    """The key's handle; the package types the handle's abilities as mix-ins, so that no one class has them all."""
    import pkcs11  # noqa: PLC0415 - an extra
    from pkcs11.exceptions import NoSuchKey  # noqa: PLC0415 - an extra

    try:
        return session.get_key(label=address.key, key_type=pkcs11.KeyType.AES)
    except NoSuchKey:
        if not create:
            raise
    hidden = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False, pkcs11.Attribute.PRIVATE: True}
    uses = pkcs11.MechanismFlag.ENCRYPT | pkcs11.MechanismFlag.DECRYPT
    return session.generate_key(
        pkcs11.KeyType.AES, _KEY_BITS, label=address.key, store=True, capabilities=uses, template=hidden
    )


def _gcm(nonce: bytes, binding: Binding) -> dict[str, Any]:
    from pkcs11 import Mechanism  # noqa: PLC0415 - an extra
    from pkcs11.mechanisms import GCMParams  # noqa: PLC0415 - an extra

    return {"mechanism": Mechanism.AES_GCM, "mechanism_param": GCMParams(nonce, binding, _TAG_BITS)}


def _check(key: "Any") -> bytes:  # noqa: ANN401
    from pkcs11 import Mechanism  # noqa: PLC0415 - an extra

    return hashlib.sha256(key.encrypt(_CHECK_BLOCKS, mechanism=Mechanism.AES_ECB)).digest()


def _typed(fault: Exception, address: TokenAddress) -> BiometricServiceError:
    name = type(fault).__name__
    if name in _REFUSED_PINS:
        action = "Correct it before the token locks itself; nothing was written."
        return unusable("The token of the master key refuses the PIN.", action)
    if name == "NoSuchKey":
        action = "Restore the token from its own backup: without the key the store cannot be opened by anybody."
        return unusable(f"The token {address.token!r} has no AES key {address.key!r}.", action)
    if name in {"NoSuchToken", "TokenNotPresent", "DeviceRemoved", "TokenNotRecognised"}:
        action = "Connect it again, then start the service or repeat the command; nothing is lost."
        return unusable(f"The token {address.token!r} with the master key is not there.", action)
    action = "Check the module's path, its own configuration and the token, then try again."
    return unusable(f"The token of the master key does not work ({name}).", action)

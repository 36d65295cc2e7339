"""From what a request presents to the principal who may hold it."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from biometric_service.api.access.proofs import read_proof, spend
from biometric_service.api.access.tokens import TokenReader
from biometric_service.vocabulary.access import Device, Principal, Token
from biometric_service.vocabulary.protocols import ApiKeyStore, DeviceStore

PARTS_OF_A_TOKEN = 3


@dataclass(frozen=True, slots=True)
class Presented:
    """What came with a request: a key or token, the SHA-256 of a client certificate, a device's proof; or nothing."""

    secret: str
    fingerprint: str
    proof: str

    @property
    def anything(self) -> bool:
        """Whether there was anything at all."""
        return bool(self.secret or self.fingerprint or self.proof)


@dataclass(frozen=True, slots=True)
class Authenticator:
    """Knows callers by each kind of credential; ``tokens``: None where no issuer is trusted."""

    api_keys: ApiKeyStore
    devices: DeviceStore
    tokens: TokenReader | None

    def principal(self, presented: Presented, request: Request, body: bytes) -> Principal | None:
        """Who it is; None where nothing that was presented is in force. A proof goes before a secret, that before TLS.

        ``body``: of the request, where there is a proof.
        """
        if presented.proof:
            return self.device(presented.proof, request, body, self.devices.named)
        if presented.secret:
            return self._by_secret(presented)
        return self.devices.find(presented.fingerprint) if presented.fingerprint else None

    def device(self, proof: str, request: Request, body: bytes, find: Callable[[str], Device | None]) -> Device | None:
        """The device that signed the request, whoever ``find`` finds; None where none did, or did before."""
        signed = read_proof(proof, request, find)
        return signed.device if signed and spend(signed, body, self.devices) else None

    def _by_secret(self, presented: Presented) -> Principal | None:
        if presented.secret.count(".") == PARTS_OF_A_TOKEN - 1:
            token = self.tokens.read(presented.secret) if self.tokens else None
            return token if token and _bound_to(token, presented.fingerprint) else None
        return self.api_keys.find(presented.secret)


def _bound_to(token: Token, fingerprint: str) -> bool:
    return token.confirmation in {"", fingerprint}

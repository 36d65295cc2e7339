"""Where callers are let in, and kept from taking more than their share."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime

from starlette.requests import Request

from biometric_service.api.access import proofs
from biometric_service.api.access.credentials import Authenticator, Presented
from biometric_service.api.access.jwks import IssuerKeys, source_of
from biometric_service.api.access.levels import Levels
from biometric_service.api.access.sessions import SessionSeal
from biometric_service.api.access.throttle import Slots, TokenBuckets, limited
from biometric_service.api.access.tokens import TokenReader, TokenRules
from biometric_service.api.services import Services
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import ApiKey, Device, Principal
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.slices import Standing

ANONYMOUS = "anonymous"
EVERYBODY = ""
ADDRESSES = 10
"""How many addresses may fail as often as one may before their refusals are no longer logged one by one."""
MINUTE_S = 60


class Entrance:
    """One for each process; ``trusted``: addresses of proxies that may speak for a caller."""

    def __init__(self, services: Services) -> None:
        settings = services.settings
        failures = settings.failures_per_minute
        self.trusted = frozenset(settings.trusted_proxies)
        self.sessions = SessionSeal(services.tasks.signing_key, settings)
        self._store = services.store
        self._archive = services.slices.archive
        self._authenticator = Authenticator(services.api_keys, services.devices, _token_reader(settings))
        levels = Levels(services.rates)
        self._failures = TokenBuckets(failures / MINUTE_S, failures, levels, "failures")
        self._refusals = TokenBuckets(ADDRESSES * failures / MINUTE_S, ADDRESSES * failures, levels, "refusals")
        self._unlogged = 0
        self._requests = TokenBuckets(settings.caller_rate, settings.caller_burst, levels, "requests")
        self._places = Slots(settings.caller_concurrency)

    @staticmethod
    def proof_of(request: Request) -> str:
        """The proof that a device signed, empty where there is none."""
        return request.headers.get(proofs.HEADER, "")

    def require_patience(self, address: str) -> None:
        """RATE_LIMITED for an address that failed to say who calls too often; nothing is logged of it."""
        wait = self._failures.wait(address)
        if wait:
            raise limited("Too many requests from this address did not say who calls.", wait)

    def let_in(self, presented: Presented, request: Request, body: bytes, address: str) -> Principal:
        """Who calls; NOT_AUTHENTICATED, and RATE_LIMITED where they call too often."""
        principal = self._authenticator.principal(presented, request, body) if presented.anything else None
        if principal is None:
            raise self._refused(presented, address)
        self._take_share(principal)
        return principal

    def device_ever(self, request: Request, body: bytes, address: str) -> tuple[Device, Standing]:
        """The device that signed this request, even where it is revoked or expired; NOT_AUTHENTICATED, RATE_LIMITED."""
        self.require_patience(address)
        known: dict[str, tuple[Device, Standing]] = {}

        def find(device: str) -> Device | None:
            found = self._archive.ever(device)
            if found is None:
                return None
            known[device] = found
            return found[0]

        proof = self.proof_of(request)
        device = self._authenticator.device(proof, request, body, find) if proof else None
        if device is None:
            raise self._refused(Presented("", "", proof), address)
        self._take_share(device)
        return known[device.id]

    def still(self, principal: Principal) -> bool:
        """Whether who was let in would be let in now, with the same rights."""
        if isinstance(principal, ApiKey):
            return principal in self._authenticator.api_keys.keys()  # noqa: SIM118 - not a mapping
        if isinstance(principal, Device):
            return self._authenticator.devices.named(principal.id) == principal
        return principal.expires_at is None or principal.expires_at > datetime.now(UTC)

    def place(self, principal: Principal) -> AbstractContextManager[None]:
        """A place for one request in progress; RATE_LIMITED where the caller holds as many as it may."""
        return self._places.held(principal.actor)

    def _take_share(self, principal: Principal) -> None:
        wait = self._requests.take(principal.actor)
        if wait:
            raise limited("This caller asks more often than it may.", wait)

    def _refused(self, presented: Presented, address: str) -> BiometricServiceError:
        why = "What the request says of who calls is unknown, revoked or expired."
        if not presented.anything:
            why = "The request does not say who calls."
        self._failures.take(address)
        if self._refusals.take(EVERYBODY):
            self._unlogged += 1
        else:
            self._log(why, address)
        return BiometricServiceError(
            ErrorCode.NOT_AUTHENTICATED,
            why,
            "Send a valid key or token as Authorization: Bearer, a key as X-Api-Key, or a registered certificate.",
        )

    def _log(self, why: str, address: str) -> None:
        details = {"why": why, "address": address}
        if self._unlogged:
            details["refusals_not_logged"] = str(self._unlogged)
            self._unlogged = 0
        self._store.record(
            AuditEvent(EventKind.ACCESS_REFUSED, datetime.now(UTC), Caller(ANONYMOUS, ""), None, None, details)
        )


def _token_reader(settings: Settings) -> TokenReader | None:
    if not settings.jwt_issuer:
        return None
    keys = IssuerKeys(source_of(settings.jwt_jwks), settings.jwt_jwks_seconds)
    rules = TokenRules(
        settings.jwt_issuer,
        settings.jwt_audience,
        settings.jwt_leeway_seconds,
        settings.jwt_galleries_claim,
        settings.jwt_purposes_claim,
    )
    return TokenReader(rules, keys)

"""What a deployment shares with: the parts as the settings say, and what looks at other agencies' requests."""

from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from biometric_service.app.outbound import outbound_gate
from biometric_service.decision.policy import Question
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.exchange import ExchangeRules
from biometric_service.interchange.sharing.asking import images_of
from biometric_service.interchange.sharing.parts import Examiner, Finding, Patience, Sharing
from biometric_service.interchange.statistics.publishing import Observatory
from biometric_service.recognition.identification import identify
from biometric_service.recognition.requests import IdentificationRequest, Meant, Recognition, VerificationRequest
from biometric_service.recognition.verification import verify
from biometric_service.recognition.walk import Walk, operating_point
from biometric_service.references.opening import OpenedStore
from biometric_service.settings import Settings
from biometric_service.vocabulary.decisions import Outcome
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.references import GalleryId
from biometric_service.vocabulary.sharing import AgencyRequest, RequestKind

NOTHING_FOLLOWS = "incomplete"
"""What an agency is told where no image could be used, as where a part of the gallery was not searched."""


def sharing_parts(settings: Settings, opened: OpenedStore) -> Sharing:
    """The parts on an open store; SETTINGS_INVALID where the key is none."""
    return Sharing(
        agency=settings.agency,
        store=opened.store,
        encounters=opened.encounters,
        agreements=opened.agreements,
        disclosures=opened.disclosures,
        received=opened.received,
        requests=opened.agency_requests,
        outbound=outbound_gate(settings),
        rules=ExchangeRules.of(settings),
        key=None if settings.sharing_key_file is None else _private_key(settings.sharing_key_file),
        credentials=settings.sharing_credentials_dir,
        patience=Patience(settings.task_retry_seconds, settings.task_attempts, settings.sharing_days),
    )


def observatory_of(settings: Settings, opened: OpenedStore) -> Observatory:
    """What statistics are made of, as the settings say."""
    return Observatory(
        store=opened.store,
        encounters=opened.encounters,
        tables=opened.statistics,
        agency=settings.agency,
        inmates=frozenset(GalleryId(each) for each, role in settings.gallery_roles.items() if role == "inmates"),
        sex=settings.statistics_sex,
        birth=settings.statistics_birth,
        smallest=settings.statistics_smallest,
        epsilon=settings.statistics_epsilon or None,
        epsilon_a_year=settings.statistics_epsilon_a_year,
    )


def examiner(walk: Callable[[], Walk]) -> Examiner:
    """Searches or verifies with the models that are in use, at the operating point of the agreement's purpose.

    Nobody is found whom the agreement is not about: an agency may not learn of them, and an answer to be reviewed is
    made of them too.
    """

    def examine(request: AgencyRequest, content: bytes, caller: Caller, meant: Meant) -> Finding:
        images = images_of(content)
        if request.kind is not RequestKind.VERIFICATION:
            return _finding(identify(walk(), IdentificationRequest(images, request.gallery, meant=meant), caller))
        assert request.subject is not None
        try:
            if meant(request.subject):
                return _finding(verify(walk(), VerificationRequest(images, request.subject, request.gallery), caller))
        except BiometricServiceError as fault:
            if fault.code is not ErrorCode.SUBJECT_UNKNOWN:
                raise
        return _nobody(walk(), caller)

    return examine


def _nobody(walk: Walk, caller: Caller) -> Finding:
    """Of a claim to be somebody whom the agreement is not about, or whom there is not: both read alike."""
    point = operating_point(walk, caller, Question.VERIFICATION)
    return Finding(Outcome.NO_MATCH.value, None, point.match, 0, 0)


def _finding(recognised: Recognition) -> Finding:
    decision = recognised.decision
    outcome = NOTHING_FOLLOWS if decision.outcome is Outcome.RECAPTURE else decision.outcome.value
    subject = decision.subject if decision.outcome is Outcome.MATCH else None
    return Finding(outcome, subject, decision.operating_point.match, decision.searched, recognised.event)


def _private_key(path: Path) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise BiometricServiceError(
            ErrorCode.SETTINGS_INVALID, "sharing_key_file holds no RSA private key in PEM.", "Make one: openssl genrsa."
        )
    return key

"""Who is this, and are these one person? Identification and verification by OSIA's contract."""

from collections.abc import Sequence

from biometric_service.api.osia.errand import Errand
from biometric_service.api.osia.filtering import chosen, passes, passing
from biometric_service.api.osia.positions import TYPES, sub_type_of
from biometric_service.api.osia.profiles import score_needed, terms_of, walk_of_claim, walk_of_search
from biometric_service.api.osia.reading import Item, read_items
from biometric_service.api.osia.schemas.biometrics import BiometricData
from biometric_service.api.osia.schemas.parameters import (
    Claim,
    Comparison,
    Search,
    SearchFromEncounter,
    SearchFromPerson,
)
from biometric_service.api.osia.schemas.searching import (
    Candidate,
    Filter,
    IdentifyRequest,
    ScoreDetail,
    Verification,
    VerifyFromBioRequest,
    VerifyFromIdRequest,
)
from biometric_service.decision.reasons import told
from biometric_service.errors import FAULTS_OF_AN_IMAGE, BiometricServiceError, ErrorCode
from biometric_service.recognition.collation import collate
from biometric_service.recognition.identification import identify
from biometric_service.recognition.requests import (
    CollationRequest,
    Given,
    GivenTemplate,
    IdentificationRequest,
    Recognition,
    VerificationRequest,
)
from biometric_service.recognition.verification import verify
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary import candidates
from biometric_service.vocabulary.decisions import Decision, Outcome, Reason, ReasonCode
from biometric_service.vocabulary.quality import INSTRUCTIONS
from biometric_service.vocabulary.references import EncounterKey, KeptEncounter, SubjectId

NOTHING = Reason(ReasonCode.NOTHING_TO_COMPARE)


def identify_data(errand: Errand, asked: Search, sent: IdentifyRequest) -> Sequence[Candidate]:
    """Search a gallery with the data that was sent."""
    return _search(errand, asked, sent.filter, given_in(errand, sent.biometric_data, sent.filter), None)


def identify_person(errand: Errand, asked: SearchFromPerson, sent: Filter) -> Sequence[Candidate]:
    """Search a gallery with everything that is kept of a person, for the same person under other ids."""
    return _search(errand, asked, sent, _kept(errand.encounters(asked.person_id), sent), asked.person_id)


def identify_encounter(errand: Errand, asked: SearchFromEncounter, sent: Filter) -> Sequence[Candidate]:
    """Search a gallery with one encounter of a person, for the same person under other ids."""
    kept = errand.encounter(EncounterKey(asked.person_id, asked.encounter_id))
    return _search(errand, asked, sent, _kept([kept], sent), asked.person_id)


def verify_person(errand: Errand, asked: Claim, sent: VerifyFromIdRequest) -> Verification:
    """Compare the data that was sent with a person of a gallery."""
    walk = _walk_of_claim(errand, asked)
    given = given_in(errand, sent.biometric_data)
    request = VerificationRequest(given, asked.person_id, asked.gallery_id, terms_of(asked))
    return _verified(errand, verify(walk, request, errand.caller))


def verify_data(errand: Errand, asked: Comparison, sent: VerifyFromBioRequest) -> Verification:
    """Compare two sets of data with one another; nothing of either is kept."""
    walk = _walk_of_claim(errand, asked)
    first, second = given_in(errand, sent.biometric_data1), given_in(errand, sent.biometric_data2)
    request = CollationRequest(first, second, terms_of(asked))
    return _verified(errand, collate(walk, request, errand.caller))


def given_in(errand: Errand, sent: Sequence[BiometricData], wanted: Filter | None = None) -> tuple[Given, ...]:
    """What can be compared of the items, those left out whose image says nothing because a part is missing."""
    walk = errand.services.walk
    items = chosen(read_items(errand, sent), wanted)
    given = tuple(each for item in items if _readable(walk, item) for each in item.given)
    return given or _nothing("The request holds no finger and no face that can be compared.")


def _readable(walk: Walk, item: Item) -> bool:
    if not (item.excused and item.image and item.given):
        return True
    try:
        walk.decode(item.given[0])  # type: ignore[arg-type]
    except BiometricServiceError as fault:
        if fault.code in FAULTS_OF_AN_IMAGE:
            return False
        raise
    return True


def _kept(encounters: Sequence[KeptEncounter], wanted: Filter) -> tuple[Given, ...]:
    given = tuple(
        GivenTemplate(template, sample.sample.digest, sample.sample.source.device)
        for kept in encounters
        for sample in kept.encounter.samples
        if passing(TYPES[sample.sample.modality], sub_type_of(sample.sample.modality, sample.sample.position), wanted)
        for template in sample.templates
    )
    return given or _nothing("Nothing is kept of the person that could be searched with.")


def _nothing(message: str) -> tuple[Given, ...]:
    raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, "Send one, or widen the filter.")


def _search(
    errand: Errand, asked: Search, wanted: Filter, given: tuple[Given, ...], itself: SubjectId | None
) -> list[Candidate]:
    walk = walk_of_search(errand.services.walk, asked)
    request = IdentificationRequest(given, asked.gallery_id, terms_of(asked, wanted))
    answer = identify(walk, request, errand.caller)
    _require_usable(answer)
    found = _alike(answer.decision, asked, itself)
    matching = [each for each in found if passes(errand, wanted, each.subject)]
    listed = matching[: asked.max_nb_cand]
    if not listed:
        require_complete(answer.decision)
    return [_candidate(errand, each, rank, answer) for rank, each in enumerate(listed, 1)]


def _alike(decision: Decision, asked: Search, itself: SubjectId | None) -> list[candidates.Candidate]:
    """Candidates from the score on that the caller named, else from that at which an officer is to look."""
    named = score_needed(asked)
    least = decision.review_threshold if named is None else named
    return [each for each in decision.candidates if each.score >= least and each.subject != itself]


def require_complete(decision: Decision) -> None:
    """SEARCH_INCOMPLETE where nobody was found because a part of the gallery was not searched."""
    if not decision.complete:
        raise BiometricServiceError(
            ErrorCode.SEARCH_INCOMPLETE,
            "A part of the gallery could not be searched, so nothing follows from finding nobody.",
            "Try again shortly; if it persists, tell the operator.",
        )


def _require_usable(answer: Recognition) -> None:
    if answer.decision.outcome is Outcome.RECAPTURE:
        advice = " ".join(dict.fromkeys(INSTRUCTIONS[each.failure] for each in answer.samples if each.failure))
        why = "Nothing of what was captured can be compared."
        raise BiometricServiceError(ErrorCode.SAMPLES_UNUSABLE, why, advice or told(NOTHING))


def _candidate(errand: Errand, found: candidates.Candidate, rank: int, answer: Recognition) -> Candidate:
    decision = answer.decision
    return Candidate(
        person_id=found.subject,
        rank=rank,
        score=found.score,
        scores=_scores(errand, found),
        others={
            "decision": Outcome.MATCH.value if found.subject == decision.subject else Outcome.REVIEW.value,
            "threshold": decision.threshold,
            "reviewThreshold": decision.review_threshold,
            "searched": decision.searched,
            "complete": decision.complete,
            "event": answer.event,
        },
    )


def _walk_of_claim(errand: Errand, asked: Comparison) -> Walk:
    return walk_of_claim(errand.services.walk, asked, errand.services.settings.osia_loosest_fmr)


def _verified(errand: Errand, answer: Recognition) -> Verification:
    """What was decided, and is in the audit log."""
    _require_usable(answer)
    decision = answer.decision
    found = decision.candidates[0] if decision.candidates else None
    same = decision.outcome is Outcome.MATCH
    return Verification(decision=same, scores=_scores(errand, found) if found else ())


def _scores(errand: Errand, found: candidates.Candidate) -> tuple[ScoreDetail, ...]:
    """Without galleries and encounters where the other side is data that was sent as well."""
    galleries = errand.galleries_of(found.subject)
    origins = errand.origins(found)
    return tuple(
        ScoreDetail(
            score=part.score.value,
            encounter_id=origins.get(part.reference),
            galleries=galleries or None,
            biometric_type=TYPES[part.modality],
            biometric_sub_type=sub_type_of(part.modality, part.position),
            others={
                "raw": part.score.raw,
                "comparator": part.score.comparator,
                "extrapolated": part.score.extrapolated,
            },
        )
        for part in found.parts
    )

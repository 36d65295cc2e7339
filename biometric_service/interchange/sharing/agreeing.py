"""Drawing up, signing and withdrawing agreements: each is signed by two officers, on its very terms."""

from datetime import UTC, datetime

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.sharing.messages import public_key
from biometric_service.interchange.sharing.minimising import require_fields
from biometric_service.interchange.sharing.parts import Sharing, sharing_event
from biometric_service.interchange.sharing.records import Lack, field_name, lacking, require_sayable
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.sharing import Agreement, Channel, Partner, Terms, agencies_of, newest_signed

_HEX_OF_KEY = 64


def propose(sharing: Sharing, name: str, terms: Terms, caller: Caller) -> Agreement:
    """Draw up the next version of an agreement; it is in force once two officers have signed it. REQUEST_INVALID.

    What ``lacks`` says of it belongs before whoever draws it up and whoever signs it.
    """
    lacked = looked_over(sharing, terms)
    facts = {"agreement": name, "agency": terms.partner.agency, "fields": " ".join(terms.fields)}
    facts |= {"lacks": " ".join(field_name(each.number) for each in lacked)}
    return sharing.agreements.propose(name, terms, sharing_event(EventKind.AGREEMENT_PROPOSED, caller, facts))


def looked_over(sharing: Sharing, terms: Terms) -> tuple[Lack, ...]:
    """What ``lacks`` will say of an agreement with these terms; REQUEST_INVALID, URL_REFUSED where none can be."""
    _require_sound(sharing, terms)
    return lacking(terms, sharing.rules)


def lacks(sharing: Sharing, agreement: Agreement) -> tuple[Lack, ...]:
    """The mandatory fields that transactions under it lack; none where its domain profile is gone, and they with it."""
    try:
        return lacking(agreement.terms, sharing.rules)
    except BiometricServiceError:
        return ()


def sign(sharing: Sharing, agreement: str, caller: Caller) -> Agreement:
    """Sign a version as the caller; AGREEMENT_UNKNOWN, SHARING_CONFLICT."""
    event = sharing_event(EventKind.AGREEMENT_SIGNED, caller, {"agreement": agreement})
    return sharing.agreements.sign(agreement, event)


def withdraw(sharing: Sharing, agreement: str, caller: Caller) -> Agreement:
    """End an agreement at once: nothing leaves any more, what left under any version is recalled.

    AGREEMENT_UNKNOWN; SHARING_CONFLICT where it has ended, or a later version took its place.
    """
    event = sharing_event(EventKind.AGREEMENT_WITHDRAWN, caller, {"agreement": agreement})
    return sharing.agreements.withdraw(agreement, event)


def in_force_with(sharing: Sharing, principal: str) -> list[Agreement]:
    """The agreements in force with whoever this caller is."""
    now = datetime.now(UTC)
    known = sharing.agreements.agreements()
    return [each for each in known if each.terms.partner.principal == principal and each.in_force(now)]


def agencies(sharing: Sharing, principal: str) -> frozenset[str]:
    """The agencies that a caller is, also where no agreement with them is in force any more."""
    return agencies_of(sharing.agreements.agreements(), principal)


def standing(sharing: Sharing, agreement: str) -> Agreement:
    """The newest signed version of an agreement of which one is named, with the same agency; AGREEMENT_UNKNOWN.

    What left under an earlier version is recalled, and signed for, by the keys and addresses that the newest names.
    """
    named = sharing.agreements.agreement(agreement)
    return newest_signed(sharing.agreements.agreements()).get((named.name, named.terms.partner.agency), named)


def partner_of(sharing: Sharing, agency: str) -> Partner:
    """What is known of an agency by its newest agreement that was ever signed; AGREEMENT_UNKNOWN."""
    return partner_terms(sharing, agency).partner


def partner_terms(sharing: Sharing, agency: str) -> Terms:
    """The newest terms with an agency that were ever signed; AGREEMENT_UNKNOWN."""
    known = [each for each in sharing.agreements.agreements() if each.terms.partner.agency == agency and each.signed]
    if not known:
        raise BiometricServiceError(
            ErrorCode.AGREEMENT_UNKNOWN, "There is no agreement with this agency.", "Check its id."
        )
    return max(known, key=lambda each: each.proposed_at).terms


def _require_sound(sharing: Sharing, terms: Terms) -> None:
    require_fields(terms.fields)
    require_sayable(terms, sharing.rules)
    public_key(terms.partner)
    partner = terms.partner
    if terms.until <= terms.valid_from:
        raise BiometricServiceError.of(ErrorCode.REQUEST_INVALID, "agreement_backwards")
    if len(partner.signing_key) != _HEX_OF_KEY or not _is_hex(partner.signing_key):
        raise BiometricServiceError.of(ErrorCode.REQUEST_INVALID, "no_signing_key")
    if partner.channel is not Channel.PULL:
        sharing.outbound.require(partner.address)
    if partner.channel is Channel.SFTP and not (partner.user and partner.host_key):
        raise BiometricServiceError.of(ErrorCode.REQUEST_INVALID, "no_file_drop")


def _is_hex(text: str) -> bool:
    return all(each in "0123456789abcdef" for each in text)

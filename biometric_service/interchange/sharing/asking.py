"""What an agency asks about, as it is kept until it is looked at; it may come as a transaction of ANSI/NIST-ITL."""

import base64
import json
from collections.abc import Mapping, Sequence

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.exchange import ExchangeRules
from biometric_service.interchange.itl.person import person_of
from biometric_service.interchange.itl.reading import read_message
from biometric_service.recognition.requests import GivenImage
from biometric_service.texts.sentences import Sentence
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.transactions import Refusal


def packed(images: Sequence[GivenImage], control: str = "") -> bytes:
    """As JSON; ``control``: number of the transaction (TCN) that they came in."""
    return json.dumps({"images": list(map(_packed, images)), "control": control}).encode()


def images_of(content: bytes) -> tuple[GivenImage, ...]:
    """The images that were packed."""
    return tuple(map(_image, json.loads(content)["images"]))


def control_of(content: bytes) -> str:
    """The number of the transaction that they came in, empty where they came in none."""
    return str(json.loads(content).get("control", ""))


def read_search(rules: ExchangeRules, data: bytes, profile: str) -> tuple[tuple[GivenImage, ...], str]:
    """The fingers and faces of a transaction that asks who this is, and its number (TCN).

    TRANSACTION_UNREADABLE says why it cannot be read, or that it shows nothing that can be searched.
    """
    domain = rules.profile(profile)
    message = read_message(data, rules.limits, domain.sets)
    if isinstance(message, Refusal):
        raise _unreadable(message.why)
    unfit = domain.unfit(message.header)
    if unfit:
        raise _unreadable(unfit.why)
    person = person_of(message, domain, rules.image_limits)
    if isinstance(person, Refusal):
        raise _unreadable(person.why)
    if not person.images:
        raise _unreadable("It holds no finger or face; a latent is to be sent as a transaction of its own.")
    return person.images, message.header.control


def _packed(image: GivenImage) -> Mapping[str, object]:
    return {
        "modality": image.modality.value,
        "position": int(image.position),
        "dpi": image.dpi,
        "data": base64.b64encode(image.data).decode(),
    }


def _image(said: Mapping[str, str | int | float | None]) -> GivenImage:
    dpi = said["dpi"]
    return GivenImage(
        data=base64.b64decode(str(said["data"])),
        modality=Modality(str(said["modality"])),
        position=FingerPosition(int(said["position"] or 0)),
        dpi=None if dpi is None else float(dpi),
        device="agency",
    )


def _unreadable(why: str | Sentence) -> BiometricServiceError:
    action = "Send a whole transaction of the agreement's domain profile."
    return BiometricServiceError(ErrorCode.TRANSACTION_UNREADABLE, why, action)

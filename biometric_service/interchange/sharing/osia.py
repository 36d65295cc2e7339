"""A record sent as a call of the other side's OSIA interface, what identifies a person encrypted to its key.

The newest encounter within the agreement is kept there under the disclosure's own id, in a gallery named after who
sends it, so that a recall is the deletion of just that. OSIA knows no receipts: its 2xx is all that there is.
"""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from biometric_service.interchange.sharing.faults import unproven
from biometric_service.interchange.sharing.parts import Sharing
from biometric_service.outbound.jwe import encrypted
from biometric_service.outbound.webhooks import TAKEN
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.sharing import Outgoing, Partner

JSON = "application/json"
NOT_THERE = 404
_TYPES = {"fingerprint": "FINGER", "face": "FACE"}
_PROTECTED = ("contextualData", "biographicData", "biometricData")


def osia_call(sender: str, disclosure: str, content: Mapping[str, Any], key: RSAPublicKey) -> str:
    """The call that keeps the record there, as JSON."""
    record = content["record"]
    newest = record["encounters"][-1]
    body = {
        "status": "ACTIVE",
        "encounterType": newest.get("kind", "shared"),
        "galleries": [sender],
        "contextualData": newest.get("contextual"),
        "biographicData": newest.get("biographic"),
        "biometricData": [_item(each) for each in newest.get("images", [])],
    }
    given = {name: value for name, value in body.items() if value is not None}
    hidden = [name for name in _PROTECTED if name in given]
    sealed = {name: encrypted(key, json.dumps(given[name]).encode()) for name in hidden}
    scope = " ".join(f"$.{name}" for name in hidden)
    call = {**given, **sealed, "encryption": {"type": "JWE", "scope": scope}}
    return json.dumps({"method": "POST", "path": _path(record["subject"], disclosure), "body": call})


def osia_recall(subject: str, disclosure: str) -> str:
    """The call that takes it away again, as JSON."""
    return json.dumps({"method": "DELETE", "path": _path(subject, disclosure), "body": None})


def send_by_osia(sharing: Sharing, partner: Partner, outgoing: Outgoing) -> str:
    """Make the call; what the other side said is kept in the place of a receipt. DELIVERY_FAILED, URL_UNREACHABLE."""
    call = json.loads(outgoing.sealed)
    query = urlencode({"transactionId": outgoing.disclosure.id})
    url = f"{partner.address.rstrip('/')}{call['path']}?{query}"
    token = sharing.credential(partner.agency, "token")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": JSON}
    body = None if call["body"] is None else json.dumps(call["body"]).encode()
    reply = sharing.outbound.send(call["method"], url, body, headers)
    gone = call["method"] == "DELETE" and reply.status == NOT_THERE
    if reply.status not in TAKEN and not gone:
        raise unproven(f"The agency's system answered {reply.status}.")
    return json.dumps({"kind": "osia", "status": reply.status})


def _path(subject: str, disclosure: str) -> str:
    return f"/v1/persons/{quote(subject, safe='')}/encounters/{quote(disclosure, safe='')}"


def _item(image: Mapping[str, Any]) -> Mapping[str, Any]:
    position = FingerPosition(image["position"])
    named = {"biometricSubType": position.name} if position is not FingerPosition.UNKNOWN else {}
    dpi = {"resolution": round(image["dpi"])} if image.get("dpi") else {}
    return {"biometricType": _TYPES[image["modality"]], "image": image["data"], **named, **dpi}

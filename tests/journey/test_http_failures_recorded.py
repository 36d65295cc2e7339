"""A request that came to nothing for a fault is in the audit log: who asked, for what, about whom, on which basis."""

import hashlib
from pathlib import Path

from biometric_service.vocabulary.events import EventKind
from tests.live_service import OPERATIONS, live_service, without_models

IMAGE = {"modality": "fingerprint", "data": "iVBORw0KGgo="}


def test_a_failed_request_is_an_event_with_its_evidence_and_legal_basis(tmp_path: Path) -> None:
    settings = without_models(tmp_path, legal_bases={"roll-call": "Prison Rules 12", "*": "Act 7"})
    with live_service(settings) as live:
        live.gallery("ours")
        client = live.client(live.key())
        body = {"purpose": "roll-call", "images": [IMAGE], "gallery": "ours", "subject": "P-1"}
        assert client.post(f"{OPERATIONS}/verifications", json=body).status_code == 404
        failed = live.last_event()
        assert (failed.kind, failed.subject) == (EventKind.REQUEST_FAILED, "P-1")
        assert failed.caller.legal_basis == "Prison Rules 12"
        assert failed.evidence == (hashlib.sha256(b"\x89PNG\r\n\x1a\n").hexdigest(),)
        assert failed.details["operation"] == f"POST {OPERATIONS}/verifications"
        missing = client.get(f"{OPERATIONS}/subjects/nobody", params={"purpose": "visit"})
        assert missing.status_code == 404
        told = live.last_event()
        assert (told.kind, told.subject, told.details["code"]) == (
            EventKind.REQUEST_FAILED,
            "nobody",
            "subject_unknown",
        )
        assert told.caller.legal_basis == "Act 7"
        live.service.verify_audit()

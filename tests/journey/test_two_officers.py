"""Wherever two officers are demanded, somebody with two keys is one: renewed ones, and tokens by whatever client."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from biometric_service.interchange.sharing.disclosing import disclose
from biometric_service.recognition.release import standing
from biometric_service.references.terms import pack_terms
from biometric_service.vocabulary.access import OF_TWO_OFFICERS, Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.places import Post, PostId, Zone, ZoneId
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.releases import CheckOutcome, ReleaseCheck
from biometric_service.vocabulary.sharing import Circle
from tests.adjudication import new_case
from tests.live_service import OPERATIONS, LiveService, event, live_service
from tests.sharing import CLERK, agreed, terms
from tests.tokens import ISSUER, token, trusting

PURPOSE = {"purpose": "movement"}
CIRCLE = Circle(frozenset({GalleryId("inmates")}))

CONFLICTS = {"manual_check_conflict", "release_conflict", "sharing_conflict", "case_conflict"}

Act = Callable[[httpx.Client], httpx.Response]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    folder = tmp_path_factory.mktemp("data")
    with live_service(trusting(folder)) as live:
        live.gallery("inmates")
        for person in ("P-1", "P-2"):
            live.subject(person, "inmates")
        places, done = live.service.day.places, event(EventKind.PLACES_READ)
        for zone in ("wing", "yard"):
            places.set_zone(Zone(ZoneId(zone), zone), done)
        places.set_post(Post(PostId("gate"), "Gate", ZoneId("wing"), ZoneId("yard"), GalleryId("inmates")), done)
        yield live


Again = Callable[[], httpx.Client]
Come = Callable[[LiveService], tuple[httpx.Client, Again]]


def two_keys(live: LiveService) -> tuple[httpx.Client, Again]:
    return live.client(live.key(owner="4711")), lambda: live.client(live.key(owner="4711"))


def a_renewed_key(live: LiveService) -> tuple[httpx.Client, Again]:
    old = live.key(owner="4711")

    def renewed() -> httpx.Client:
        live.service.api_keys.revoke(old.split(".")[0], event(EventKind.API_KEY_REVOKED))
        return live.client(live.key(owner="4711"))

    return live.client(old), renewed


def two_tokens(live: LiveService) -> tuple[httpx.Client, Again]:
    return live.client(token("ana", "console")), lambda: live.client(token("ana", "handheld"))


def a_key_and_a_token(live: LiveService) -> tuple[httpx.Client, Again]:
    return live.client(live.key(owner=f"ana@{ISSUER}")), lambda: live.client(token("ana", "console"))


def manual_check(live: LiveService, first: httpx.Client) -> Act:
    at_post = {"post": "gate", "direction": "in", "subject": "P-1", "gallery": "inmates", "reason": "bandaged"}
    opened = done(first.post(f"{OPERATIONS}/manual-checks", json={**PURPOSE, **at_post}))
    assert live.last_event().caller.officer != live.last_event().caller.actor
    return posting(f"/manual-checks/{opened['manual_check']}/confirmation")


def release(live: LiveService, first: httpx.Client) -> Act:
    person = f"P-{uuid4().hex}"
    live.subject(person, "inmates")
    wanted = {"kind": "release", "subject": person, "gallery": "inmates", "legal_basis": "s. 12"}
    opened = done(first.post(f"{OPERATIONS}/releases", json={**PURPOSE, **wanted}))["release"]
    check = ReleaseCheck(CheckOutcome.VERIFIED, (), complete=True, at=datetime.now(UTC))
    live.service.day.releases.checked(opened, check, standing, event(EventKind.RELEASE_CHECKED))
    confirm = posting(f"/releases/{opened}/confirmations")
    done(confirm(first))
    return confirm


def signature(live: LiveService, first: httpx.Client) -> Act:
    said = json.loads(pack_terms(terms(circle=CIRCLE)))
    circle = said.pop("circle")
    proposed = done(
        first.post(f"{OPERATIONS}/agreements", json={**PURPOSE, "name": "police", "terms": {**said, **circle}})
    )
    assert live.service.sharing.agreements.agreement(proposed["agreement"]).signatures == ()
    sign = posting(f"/agreements/{proposed['agreement']}/signatures")
    done(sign(first))
    return sign


def own_disclosure(live: LiveService, first: httpx.Client) -> Act:
    of = agreed(live.service.sharing, terms(circle=CIRCLE, two_person_review=True), "own").id
    made = done(first.post(f"{OPERATIONS}/disclosures", json={**PURPOSE, "agreement": of, "subject": "P-1"}))
    return posting(f"/disclosures/{made['disclosure']}/approvals")


def disclosure_review(live: LiveService, first: httpx.Client) -> Act:
    of = agreed(live.service.sharing, terms(circle=CIRCLE, two_person_review=True), "others").id
    approve = posting(f"/disclosures/{disclose(live.service.sharing, of, SubjectId('P-1'), CLERK).id}/approvals")
    done(approve(first))
    return approve


def adjudication(live: LiveService, first: httpx.Client) -> Act:
    case = live.service.walk.cases.open(new_case("P-2", "inmates"), event(EventKind.CASE_OPENED))
    judge = posting(f"/adjudications/{case}/reviews", verdict="different_people")
    done(judge(first))
    return judge


def posting(path: str, **body: str) -> Act:
    return lambda client: client.post(OPERATIONS + path, json={**PURPOSE, **body})


def done(answer: httpx.Response) -> Any:  # noqa: ANN401
    assert answer.is_success, answer.text
    return answer.json()


PLACES = (manual_check, release, signature, own_disclosure, disclosure_review, adjudication)
of_two = pytest.mark.parametrize("begin", PLACES)


@of_two
@pytest.mark.parametrize("come", [two_keys, a_renewed_key, two_tokens, a_key_and_a_token])
def test_one_officer_with_two_keys_is_no_two(
    live: LiveService, begin: Callable[[LiveService, httpx.Client], Act], come: Come
) -> None:
    first, again = come(live)
    act = begin(live, first)
    assert act(again()).json()["code"] in CONFLICTS
    done(act(live.client(live.key(owner="4712"))))


@of_two
def test_a_key_that_nobody_owns_counts_as_an_officer_unless_owners_are_required(
    live: LiveService, begin: Callable[[LiveService, httpx.Client], Act]
) -> None:
    act = begin(live, live.client(live.key(owner="4711")))
    done(act(live.client(live.key())))


def test_the_log_names_the_key_and_the_officer(live: LiveService) -> None:
    secret = live.key(owner="4711")
    act = manual_check(live, live.client(live.key(owner="4712")))
    assert done(act(live.client(secret)))["check"]["confirmed_by"] == "4711"
    said = live.last_event().caller
    assert (said.actor, said.owner) == (secret.split(".")[0], "4711")
    after = live.service.verify_audit() - 2
    shown = live.client(live.key()).get(f"{OPERATIONS}/audit-events", params={"after": after, **PURPOSE})
    assert (said.actor, "4711") in {(each["actor"], each["owner"]) for each in done(shown)["events"]}


def test_what_a_caller_is_told_of_its_own_key_names_the_officer(live: LiveService) -> None:
    asked = [live.key(owner="4711"), live.key(), token("ana", "console"), token("gate", "gate")]
    told = [done(live.client(each).get(f"{OPERATIONS}/api-key"))["owner"] for each in asked]
    assert told == ["4711", "", f"ana@{ISSUER}", ""]


def test_where_owners_are_required_a_key_without_one_is_refused_and_services_go_on(tmp_path: Path) -> None:
    with live_service(trusting(tmp_path, owners_required=True)) as live:
        paths = {Scope.MANUAL_CHECK: "manual-checks", Scope.RELEASE: "releases", Scope.ADJUDICATE: "adjudications"}
        paths |= {Scope.SHARING_APPROVE: "agreements"}
        assert set(paths) == OF_TWO_OFFICERS
        for path in paths.values():
            for secret in (live.key(), token("gate", "gate")):
                refused = live.client(secret).get(f"{OPERATIONS}/{path}", params=PURPOSE)
                assert (refused.status_code, "Nobody owns the key" in refused.text) == (403, True)
                assert live.last_event().kind is EventKind.ACCESS_REFUSED
            for secret in (live.key(owner="4711"), token("ana", "console")):
                done(live.client(secret).get(f"{OPERATIONS}/{path}", params=PURPOSE))
        done(live.client(live.key()).get(f"{OPERATIONS}/posts", params=PURPOSE))


def test_a_tokens_owner_is_not_the_client_it_came_through(live: LiveService) -> None:
    act = manual_check(live, live.client(token("ana", "console")))
    done(act(live.client(token("luis", "console"))))
    confirmed = live.service.day.manual_checks.checks(0, 100, confirmed=True)
    assert confirmed[-1].confirmed_by == f"luis@{ISSUER}"

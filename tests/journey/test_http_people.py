"""Merging, moving, releasing and unmerging people over HTTP; nothing done twice, nothing done on what has changed."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from biometric_service.vocabulary.events import EventKind
from tests.live_service import OPERATIONS, LiveService, live_service, without_models

SUBJECTS = f"{OPERATIONS}/subjects"
PURPOSE = {"purpose": "records"}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with live_service(without_models(tmp_path_factory.mktemp("data"))) as live:
        live.gallery("inmates")
        yield live


@pytest.fixture
def client(live: LiveService, request: pytest.FixtureRequest) -> httpx.Client:
    """Two subjects of the test's own, A and B with an encounter each of another id."""
    live.subject(f"A-{request.node.name}", "inmates")
    live.subject(f"B-{request.node.name}", "inmates", encounter="of b")
    return live.client(live.key())


def post(client: httpx.Client, path: str, *, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:  # noqa: ANN401
    return client.post(f"{SUBJECTS}/{path}", json={**PURPOSE, **body}, headers=headers)


def get(client: httpx.Client, path: str) -> httpx.Response:
    return client.get(f"{SUBJECTS}/{path}", params=PURPOSE)


def test_a_merged_subject_answers_with_where_it_went_until_it_is_unmerged(
    live: LiveService, client: httpx.Client, request: pytest.FixtureRequest
) -> None:
    a, b = f"A-{request.node.name}", f"B-{request.node.name}"
    assert post(client, f"{b}/merge", into=a).status_code == 200
    assert live.last_event().kind is EventKind.SUBJECTS_MERGED
    merged = get(client, b).json()
    assert (merged["subject"], merged["merged_into"], merged["encounters"]) == (b, a, 2)
    listed = get(client, f"{b}/encounters").json()["encounters"]
    assert [(each["subject"], each["encounter"]) for each in listed] == [(a, "first"), (a, "of b")]
    refused = client.delete(f"{SUBJECTS}/{b}", params=PURPOSE)
    assert (refused.status_code, refused.json()["code"]) == (409, "subject_merged")
    assert post(client, f"{b}/unmerge").status_code == 200
    assert get(client, b).json()["merged_into"] is None
    assert get(client, a).json()["encounters"] == 1


def test_a_released_person_stays_known_and_is_searched_no_more(
    client: httpx.Client, request: pytest.FixtureRequest
) -> None:
    a = f"A-{request.node.name}"
    put = client.put(f"{SUBJECTS}/{a}/encounters/first/status", json={**PURPOSE, "status": "released"})
    assert put.status_code == 200, put.text
    assert (get(client, a).json()["status"], get(client, a).json()["galleries"]) == ("released", ["inmates"])


def test_who_is_inside_is_deleted_by_no_interface(
    live: LiveService, client: httpx.Client, request: pytest.FixtureRequest
) -> None:
    a, b = f"A-{request.node.name}", f"B-{request.node.name}"
    zone = {**PURPOSE, "name": "Wing A"}
    assert client.put(f"{OPERATIONS}/zones/wing", json=zone).status_code == 200
    placed = {**PURPOSE, "zone": "wing"}
    assert client.post(f"{OPERATIONS}/whereabouts/{a}/placement", json=placed).status_code == 201
    for path in (a, f"{a}/encounters/first"):
        refused = client.delete(f"{SUBJECTS}/{path}", params=PURPOSE)
        assert (refused.status_code, refused.json()["code"]) == (409, "release_required")
        assert "ending their visit" in refused.json()["action"]
    for path in (a, f"{a}/encounters/first"):
        refused = client.delete(f"/v1/persons/{path}", params={"transactionId": "T"})
        assert refused.status_code == 400, refused.text
        assert refused.json()["message"].startswith("release_required")
    assert live.last_event().details["code"] == "release_required"
    assert client.post(f"/v1/persons/{b}/merge/{a}", params={"transactionId": "T"}).status_code == 204
    assert client.get(f"{OPERATIONS}/whereabouts/{b}", params=PURPOSE).json()["whereabouts"]["zone"] == "wing"
    assert client.delete(f"/v1/persons/{b}", params={"transactionId": "T"}).status_code == 400


def test_what_has_changed_since_it_was_read_is_not_written_over(
    client: httpx.Client, request: pytest.FixtureRequest
) -> None:
    path = f"A-{request.node.name}/encounters/first"
    tag = get(client, path).headers["ETag"]

    def release(status: str, tag: str) -> httpx.Response:
        body = {**PURPOSE, "status": status}
        return client.put(f"{SUBJECTS}/{path}/status", json=body, headers={"If-Match": tag})

    assert release("released", tag).status_code == 200
    late = release("transferred", tag)
    assert (late.status_code, late.json()["code"]) == (412, "version_mismatch")
    assert get(client, path).json()["status"] == "released"
    assert release("transferred", get(client, path).headers["ETag"]).status_code == 200
    assert release("active", "*").status_code == 200
    assert (release("active", "W/x").status_code, release("active", '"1x"').status_code) == (400, 400)


def test_a_request_sent_again_under_its_key_is_done_once(
    live: LiveService, client: httpx.Client, request: pytest.FixtureRequest
) -> None:
    a, b = f"A-{request.node.name}", f"B-{request.node.name}"
    key = {"Idempotency-Key": "merge-1"}
    first = post(client, f"{b}/merge", headers=key, into=a)
    events = live.service.verify_audit()
    again = post(client, f"{b}/merge", headers=key, into=a)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert live.service.verify_audit() == events
    other = post(client, f"{a}/merge", headers=key, into=b)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    somebody_else = live.client(live.key())
    assert post(somebody_else, f"{b}/merge", headers=key, into=a).json()["code"] == "subject_merged"


def test_a_read_is_made_anew_under_any_key_and_tells_of_nobody_who_was_erased(
    live: LiveService, client: httpx.Client, request: pytest.FixtureRequest
) -> None:
    a, key = f"A-{request.node.name}", {"Idempotency-Key": "read-1"}
    events = live.service.verify_audit()

    def read() -> httpx.Response:
        return client.get(f"{SUBJECTS}/{a}/encounters/first", params=PURPOSE, headers=key)

    answers = [read() for _ in range(3)]
    assert [each.status_code for each in answers] == [200] * 3
    assert not any("Idempotency-Replayed" in each.headers for each in answers)
    assert live.service.verify_audit() == events + 3
    assert client.delete(f"{SUBJECTS}/{a}", params=PURPOSE).status_code == 200
    assert read().json()["code"] == "subject_unknown"


def test_what_was_answered_of_somebody_is_gone_with_them(client: httpx.Client, request: pytest.FixtureRequest) -> None:
    path = f"{SUBJECTS}/A-{request.node.name}"

    def released() -> httpx.Response:
        body, key = {**PURPOSE, "status": "released"}, {"Idempotency-Key": "release-1"}
        return client.put(f"{path}/encounters/first/status", json=body, headers=key)

    def erased() -> httpx.Response:
        return client.delete(path, params=PURPOSE, headers={"Idempotency-Key": "erase-1"})

    assert released().json() == released().json()
    assert erased().json() == erased().json()
    assert erased().headers["Idempotency-Replayed"] == "true"
    gone = released()
    assert (gone.status_code, gone.json()["code"]) == (404, "subject_unknown")
    assert "erased since" in gone.json()["detail"]


def test_a_refused_request_may_be_made_again_under_its_key(
    client: httpx.Client, request: pytest.FixtureRequest
) -> None:
    b, key = f"B-{request.node.name}", {"Idempotency-Key": "unmerge-1"}
    assert post(client, f"{b}/unmerge", headers=key).status_code == 409
    assert post(client, f"{b}/unmerge", headers=key).json()["code"] == "store_conflict"


def test_of_many_at_once_under_one_key_one_is_done(client: httpx.Client, request: pytest.FixtureRequest) -> None:
    b, a = f"B-{request.node.name}", f"A-{request.node.name}"

    def merge(_: int) -> httpx.Response:
        return post(client, f"{b}/merge", headers={"Idempotency-Key": "at-once"}, into=a)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(merge, range(6)))
    codes = {answer.json().get("code") for answer in answers if answer.status_code != 200}
    assert codes <= {"idempotency_key_in_use"}
    assert len({answer.text for answer in answers if answer.status_code == 200}) == 1


def test_a_replayed_answer_needs_the_key_of_whoever_asked(live: LiveService) -> None:
    answer = live.client().post(f"{SUBJECTS}/x/unmerge", json=PURPOSE, headers={"Idempotency-Key": "merge-1"})
    assert answer.status_code == 401

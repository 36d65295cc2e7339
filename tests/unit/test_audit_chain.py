"""The chain finds every way to lie about the past that can be found without a witness outside."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biometric_service.audit import chain
from biometric_service.audit.chain import GENESIS, Head, Link
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import GalleryId, SubjectId

NOW = datetime(2026, 11, 22, 1, 2, 3, tzinfo=UTC)

texts = st.text(max_size=30)
events = st.builds(
    AuditEvent,
    kind=st.sampled_from(EventKind),
    at=st.datetimes(timezones=st.just(timezone(timedelta(hours=-6)))),
    caller=st.builds(Caller, *6 * [texts]),
    subject=st.none() | texts.map(SubjectId),
    gallery=st.none() | texts.map(GalleryId),
    details=st.dictionaries(texts, texts, max_size=3),
    evidence=st.lists(texts, max_size=3).map(tuple),
)


def chained(given_events: list[AuditEvent]) -> tuple[list[Link], Head]:
    links: list[Link] = []
    head = Head(0, GENESIS)
    for event in given_events:
        links.append(chain.link(head, event))
        head = Head(links[-1].number, links[-1].digest)
    return links, head


LINKS, HEAD = chained(
    [AuditEvent(EventKind.IDENTIFICATION, NOW, Caller("warden", f"turn {turn}")) for turn in range(6)]
)


@given(st.lists(events, max_size=5))
def test_events_come_back_as_given_and_the_chain_holds(given_events: list[AuditEvent]) -> None:
    links, head = chained(given_events)
    chain.verify(iter(links), head)
    assert [chain.recorded(link).event for link in links] == given_events


def test_the_digest_is_the_documented_one() -> None:
    body = (
        b'{"actor":"warden","at":"2026-11-22T01:02:03.000000+00:00","details":{},"device":"","evidence":[],'
        b'"gallery":null,"kind":"identification","number":1,"purpose":"turn 0","subject":null}'
    )
    assert LINKS[0].body == body
    assert LINKS[0].digest == hashlib.sha256(bytes(32) + body).digest()


def first_broken(links: list[Link], head: Head = HEAD) -> int:
    with pytest.raises(BiometricServiceError) as caught:
        chain.verify(iter(links), head)
    assert caught.value.code is ErrorCode.AUDIT_CHAIN_BROKEN
    return int(caught.value.message.split()[1])


@given(st.integers(0, 5), st.integers(0, 10_000), st.integers(1, 255))
def test_a_changed_byte_is_found_where_it_is(index: int, at: int, flip: int) -> None:
    body = bytearray(LINKS[index].body)
    body[at % len(body)] ^= flip
    assert first_broken([*LINKS[:index], replace(LINKS[index], body=bytes(body)), *LINKS[index + 1 :]]) == index + 1


def test_removal_reordering_and_truncation_are_found() -> None:
    assert first_broken([*LINKS[:2], *LINKS[3:]]) == 3
    assert first_broken([LINKS[0], LINKS[2], LINKS[1], *LINKS[3:]]) == 2
    assert first_broken(LINKS[:-1]) == 6
    assert first_broken([]) == 1
    assert first_broken([*LINKS, chain.link(HEAD, chain.recorded(LINKS[0]).event)]) == 6
    renumbered = [replace(link, number=number) for number, link in enumerate([*LINKS[:2], *LINKS[3:]], 1)]
    assert first_broken(renumbered) == 3


def test_a_log_forged_from_some_point_on_does_not_meet_its_head() -> None:
    forged, _ = chained([replace(chain.recorded(link).event, caller=Caller("nobody", "x")) for link in LINKS])
    assert first_broken(forged) == 6


@pytest.mark.parametrize(
    "spoil", [lambda _: b"{", lambda _: b"[]", lambda _: b"\xff", lambda body: json.dumps({"at": 1}).encode() + body]
)
def test_an_event_that_cannot_be_read_is_named(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(BiometricServiceError, match="Event 3 of the audit log cannot be read"):
        chain.recorded(replace(LINKS[2], body=spoil(LINKS[2].body)))


def test_an_event_that_is_too_long_to_be_facts_is_refused() -> None:
    long = AuditEvent(EventKind.IDENTIFICATION, NOW, Caller("a", "b"), details={"image": "x" * 70_000})
    with pytest.raises(BiometricServiceError, match="request_invalid"):
        chain.link(HEAD, long)

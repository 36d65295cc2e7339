"""Writes under an ``Idempotency-Key`` are done once: asked again within a day, they get the answer that was given.

Reads are made anew under any key: each is checked and in the audit log, and tells of nobody who was erased.
"""

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from biometric_service.api.security import Admission, entrance_of, principal_of
from biometric_service.api.services import Services, services_of
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.access import Principal
from biometric_service.vocabulary.references import Guard, Once

KEY = "idempotency-key"
JSON = "application/json"
READS = {"GET", "HEAD"}
MADE_ANEW = {"content-length"}

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        max_length=255,
        description="A name of your own for this request: sent again within a day, it is not done a second time.",
    ),
]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description="ETag of what you read: it is changed only while it is still that."),
]


class OnceRoute(APIRoute):
    """A route that looks for the key before its operation, and keeps the answer after it.

    A caller that may not do what it asks is refused each time it asks: only what succeeded is kept. Each has
    keys of its own: an API key, the subject of an issuer's tokens through one client, a device.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with what is round it."""
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            once = await _once(request)
            if once is None:
                return await handle(request)
            services = services_of(request)
            answer = await run_in_threadpool(services.walk.answers.begin, once)
            if answer is None:
                return await _done(services, once, handle, request)
            return await _replayed(json.loads(answer), services, request)

        return handle_once


async def guard_of(request: Request, _: IdempotencyKey = None, if_match: IfMatch = None) -> Guard:
    """What the headers of the request demand of a write; REQUEST_INVALID for an ETag that is none of ours."""
    return Guard(_version(if_match), getattr(request.state, "once", None))


GuardOf = Annotated[Guard, Depends(guard_of)]


def etag(version: int) -> str:
    """A version as an entity tag (RFC 9110)."""
    return f'"{version}"'


def _version(if_match: str | None) -> int | None:
    if if_match is None or if_match.strip() == "*":
        return None
    digits = if_match.strip().removeprefix('"').removesuffix('"')
    if not (digits.isdecimal() and digits.isascii() and len(digits) < 10):  # noqa: PLR2004
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID, "The If-Match header is no ETag of this service.", "Send the ETag as you got it."
        )
    return int(digits)


async def _once(request: Request) -> Once | None:
    """The name of the write, kept for ``guard_of``; None without a key. NOT_AUTHENTICATED, RATE_LIMITED."""
    key = request.headers.get(KEY)
    if key is None or request.method in READS:
        return None
    principal = await principal_of(request, entrance_of(request))
    digest = hashlib.sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    digest.update(await request.body())
    once = Once(principal.asks_as, key, digest.digest())
    request.state.once = once
    return once


async def _done(
    services: Services, once: Once, handle: Callable[[Request], Awaitable[Response]], request: Request
) -> Response:
    try:
        response = await handle(request)
    except BaseException:
        await run_in_threadpool(services.walk.answers.give_up, once)
        raise
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        await run_in_threadpool(services.walk.answers.give_up, once)
    else:
        principal = await principal_of(request, entrance_of(request))
        names = {*_texts(dict(request.path_params)), *_texts(_json(response))}
        await run_in_threadpool(services.walk.answers.finish, once, _packed(response, principal), names)
    return response


def _packed(response: Response, principal: Principal) -> bytes:
    headers = {name: value for name, value in response.headers.items() if name not in MADE_ANEW}
    body = base64.b64encode(response.body).decode()
    kept = {"status": response.status_code, "headers": headers, "body": body, "rights": _rights(principal)}
    return json.dumps(kept).encode()


def _json(response: Response) -> Any:  # noqa: ANN401 - whatever was answered; nothing of what is no JSON
    kind = response.headers.get("content-type", "").partition(";")[0]
    return json.loads(bytes(response.body)) if kind == JSON and response.body else None


def _texts(told: Any) -> Iterator[str]:  # noqa: ANN401 - likewise
    """Every text in what was told: some may be ids of subjects."""
    if isinstance(told, str):
        yield told
    elif isinstance(told, Mapping):
        for name, value in told.items():
            yield name
            yield from _texts(value)
    elif isinstance(told, list):
        for each in told:
            yield from _texts(each)


def _rights(principal: Principal) -> list[list[str]]:
    return [sorted(each) for each in (principal.scopes, principal.galleries, principal.purposes)]


async def _replayed(kept: Mapping[str, Any], services: Services, request: Request) -> Response:
    """The answer; NOT_AUTHORISED for a token, or a device, that may do less by now than when it got it."""
    principal = await principal_of(request, entrance_of(request))
    there = zip(kept.get("rights", ()), _rights(principal), strict=False)
    if not all(set(then) <= set(now) for then, now in there):
        admission = Admission(principal, services.store, services.settings, request)
        why = "The caller may do less than when the request was answered."
        await admission.refuse(principal.caller(), why)
    body = base64.b64decode(kept["body"])
    return Response(body, kept["status"], {**kept["headers"], "Idempotency-Replayed": "true"})

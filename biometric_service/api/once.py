"""Requests under an ``Idempotency-Key`` are done once: asked again within a day, they get the answer that was given."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
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
KEPT_HEADERS = ("content-type", "etag", "location")

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
    """The name of the request, kept for ``guard_of``; None without a key. NOT_AUTHENTICATED, RATE_LIMITED."""
    key = request.headers.get(KEY)
    if key is None:
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
        await run_in_threadpool(services.walk.answers.finish, once, _packed(response, principal))
    return response


def _packed(response: Response, principal: Principal) -> bytes:
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    kept = {"status": response.status_code, "headers": headers, "body": bytes(response.body).decode()}
    return json.dumps({**kept, "rights": _rights(principal)}).encode()


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
    return Response(kept["body"], kept["status"], {**kept["headers"], "Idempotency-Replayed": "true"})

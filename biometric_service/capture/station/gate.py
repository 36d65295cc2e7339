"""Who may ask the agent: pages of the service's own origins, by this machine's own address, and nobody else.

Any page that the officer's browser shows can reach the loopback interface. So the Origin header must be one of those
that were named, to the letter (a program that is no browser has none and is refused as well), and the Host header must
name this machine, or a name that an attacker lets lead here (DNS rebinding) would make their page look like ours.
Preflights of CORS and of private network access are answered for those origins only.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus

from device_drivers.listening import Answer, Asked

HERE = ("127.0.0.1", "localhost")
PREFLIGHT_SECONDS = 600
PLAIN: Mapping[str, str] = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True, slots=True)
class Gate:
    """``origins``: such as ``https://enrol.example``; ``port``: that the agent listens on."""

    origins: frozenset[str]
    port: int

    def refusal(self, asked: Asked) -> Answer | None:
        """The answer for whoever may not ask, None for whoever may."""
        if asked.headers.get("host", "") not in {f"{name}:{self.port}" for name in HERE}:
            return problem(HTTPStatus.FORBIDDEN, "host_refused", "This is not how the station is asked.", ASK_HERE)
        if asked.headers.get("origin", "") not in self.origins:
            return problem(HTTPStatus.FORBIDDEN, "origin_refused", "The station does not serve this page.", NAME_IT)
        return None

    def preflight(self, asked: Asked) -> Answer:
        """What a browser asks before it lets the page ask."""
        headers = {
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        }
        if asked.headers.get("access-control-request-private-network", "") == "true":
            headers["Access-Control-Allow-Private-Network"] = "true"
        return Answer(b"", HTTPStatus.NO_CONTENT, headers=headers)

    @staticmethod
    def opened(asked: Asked, answer: Answer) -> Answer:
        """The answer as a page of that origin may read it."""
        allowed = {"Access-Control-Allow-Origin": asked.headers["origin"], "Vary": "Origin"}
        return replace(answer, headers={**PLAIN, **answer.headers, **allowed})


ASK_HERE = "Ask it by http://127.0.0.1 and its port."
NAME_IT = "Start it with --origin and the address of the service, exactly as the browser shows it."


def told(said: object, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """An answer in JSON."""
    return Answer(json.dumps(said).encode(), status, "application/json", PLAIN)


def problem(status: HTTPStatus, code: str, message: str, action: str) -> Answer:
    """What is wrong and what to do."""
    return told({"code": code, "detail": message, "action": action}, status)

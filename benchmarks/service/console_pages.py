"""How long the service takes for each page of the console, with many people enrolled.

    python -m benchmarks.service.console_pages [--people 20000] [--rounds 5] [--json]

People have no templates and no model is loaded: what a page costs is the store, the audit log and the rendering. Every
page that has a route is asked, each several times, in the process that answers (no network). Exit status 1 where one
takes longer than 300 ms in the median.
"""

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import httpx
import typer
from fastapi.routing import APIRoute
from rich.console import Console

from benchmarks.service.furnished import furnish
from biometric_service.app.service import Service, open_service
from biometric_service.app.serving import build_application
from biometric_service.console.pages import AREAS
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import ANY_PURPOSE, ApiKey, Scope
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES

LIMIT_MS = 300
NO_PAGES = frozenset({"/", "/sign-in", "/people/{subject}/photograph", "/whereabouts/find", "/find-shared"})
"""What only leads on or asks for a key, and a picture of somebody who has one."""
SLOW_BY_NATURE = frozenset({"/audit/chain"})
"""Reads the whole log, after the page and on its own."""
HOST = "http://localhost"
PROGRESS = Console(stderr=True)


def main(
    people: Annotated[int, typer.Option(min=100, help="People enrolled.")] = 20_000,
    rounds: Annotated[int, typer.Option(min=1, help="Times each page is asked for.")] = 5,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print figures as JSON.")] = False,
) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            data_dir=Path(folder),
            fingerprint_model="",
            face_model="",
            tls=False,
            gallery_roles={"inmates": "inmates", "visitors": "visitors"},
            sharing_seconds=0,
        )
        with open_service(settings) as service:
            PROGRESS.print(f"enrolling {people:,} people")
            named = furnish(service, people)
            figures = asyncio.run(_measured(service, named, rounds))
    slow = {path: ms for path, ms in figures.items() if ms > LIMIT_MS and path not in SLOW_BY_NATURE}
    if as_json:
        print(json.dumps({"people": people, "limit_ms": LIMIT_MS, "milliseconds": figures, "slow": slow}))
    else:
        for path, milliseconds in sorted(figures.items(), key=lambda each: -each[1]):
            print(f"{milliseconds:7.1f} ms  {path}")
    raise typer.Exit(1 if slow else 0)


async def _measured(service: Service, named: Mapping[str, str], rounds: int) -> Mapping[str, float]:
    """The median of each page, in milliseconds."""
    transport = httpx.ASGITransport(build_application(service))
    async with httpx.AsyncClient(transport=transport, base_url=HOST, headers={"Origin": HOST}) as client:
        await client.post("/sign-in", data={"key": _key(service)})
        return {
            path: statistics.median([await _asked(client, path.format(**named)) for _ in range(rounds)])
            for path in _paths()
        }


async def _asked(client: httpx.AsyncClient, path: str) -> float:
    began = time.perf_counter()
    answer = await client.get(path)
    took = (time.perf_counter() - began) * 1000
    if answer.status_code != httpx.codes.OK:
        raise typer.BadParameter(f"{path} answered {answer.status_code}")
    return took


def _paths() -> list[str]:
    routes = [route for area in AREAS for route in area.router.routes if isinstance(route, APIRoute)]
    pages = [route.path_format for route in routes if "GET" in (route.methods or ())]
    return [path for path in pages if path not in NO_PAGES]


def _key(service: Service) -> str:
    everywhere, anything = frozenset({ALL_GALLERIES}), frozenset({ANY_PURPOSE})
    key = ApiKey(uuid4().hex[:12], "benchmark", frozenset(Scope), everywhere, anything, None)
    event = AuditEvent(EventKind.API_KEY_CREATED, datetime.now(UTC), Caller("benchmark", "benchmark"))
    return service.api_keys.create(key, event)


if __name__ == "__main__":
    typer.run(main)

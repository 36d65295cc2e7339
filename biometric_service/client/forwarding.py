"""Sends what is in an outbox to the service, one after another, for as long as it takes."""

import asyncio
from collections.abc import Callable

from biometric_service.api.operations.answers import ReportAnswer
from biometric_service.client.faults import NoAnswer, ServiceFault
from biometric_service.client.outbox import Outbox, Waiting
from biometric_service.client.request import Request
from biometric_service.client.sending import AsyncClient
from biometric_service.errors import ErrorCode

LOOK_SECONDS, AGAIN_SECONDS, LONGEST_SECONDS = 0.5, 1.0, 60.0
FOR_EVER = frozenset({ErrorCode.REQUEST_INVALID})
"""What is wrong with one report alone; every other fault is of the service or of the set-up, and passes."""

Written = Callable[[Waiting], Request[ReportAnswer]]
Tell = Callable[[str], None]


async def forward(outbox: Outbox, client: AsyncClient, written: Written, tell: Tell) -> None:
    """Send for ever, in order; ``tell`` is told what keeps it from that, once for each reason."""
    pause, told = AGAIN_SECONDS, ""
    while True:
        waiting = await asyncio.to_thread(outbox.first)
        if waiting is None:
            await asyncio.sleep(LOOK_SECONDS)
            continue
        hindrance = await _sent(outbox, client, written(waiting), waiting)
        if hindrance and hindrance != told:
            tell(hindrance)
        told = hindrance
        if hindrance:
            await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_SECONDS) if hindrance else AGAIN_SECONDS


async def _sent(outbox: Outbox, client: AsyncClient, request: Request[ReportAnswer], waiting: Waiting) -> str:
    """What kept it from being sent; empty where nothing did, or where nothing ever will be done about it."""
    try:
        await client.ask(request)
    except NoAnswer as silence:
        return str(silence)
    except ServiceFault as fault:
        if fault.code not in FOR_EVER:
            return str(fault)
        await asyncio.to_thread(outbox.refused, waiting.id, str(fault))
        return ""
    await asyncio.to_thread(outbox.sent, waiting.id)
    return ""

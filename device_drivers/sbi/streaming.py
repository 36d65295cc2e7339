"""What an SBI device streams for somebody to look at."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from device_drivers.camera.http import Question, got
from device_drivers.camera.network import MjpegStream, read
from device_drivers.sbi.claims import Claims
from device_drivers.sbi.wire import Service, error_in, fault_of

STREAM_MILLISECONDS = 3_600_000


@asynccontextmanager
async def streamed(service: Service, device: str, sub: str, seconds: float) -> AsyncIterator[MjpegStream]:
    """The device's live pictures, motion JPEG; DeviceError as the device says or ``Service.ask`` raises."""
    asked = {"deviceId": device, "deviceSubId": sub, "timeout": str(STREAM_MILLISECONDS)}
    question = Question("STREAM", json.dumps(asked).encode(), "application/json", seconds)
    async with got(f"http://{service.host}:{service.port}/stream", question) as body:
        if body.headers.get_content_maintype() != "multipart":
            answer = Claims(json.loads(await body.whole()))
            raise fault_of(error_in(answer), answer.inner("error").text("errorInfo", ""))
        async with read(MjpegStream(body)) as stream:
            yield stream

"""Statistics for the observatory: published once a month is over, and read by whoever may."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from biometric_service.api.once import OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.asking import Asking
from biometric_service.api.operations.bodies import AskingBody
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import ServicesOf
from biometric_service.interchange.statistics import writing
from biometric_service.interchange.statistics.publishing import publish, shown
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.statistics import Measure, MonthTable

router = APIRouter(prefix=f"{OPERATIONS}/statistics", tags=["statistics"], route_class=OnceRoute)

Reader = Annotated[Admission, Depends(requires(Scope.STATISTICS_READ))]
Publisher = Annotated[Admission, Depends(requires(Scope.STATISTICS_WRITE))]
MonthPath = Annotated[str, Path(pattern=r"^\d{4}-\d{2}$", description="UTC.", examples=["2026-10"])]
FormQuery = Annotated[Literal["json", "csv", "sdmx-json"], Query(alias="format", description="How it is written.")]
CSV, SDMX = "text/csv; charset=utf-8", "application/vnd.sdmx.data+json; version=2.0.0"


class PublishBody(AskingBody):
    """Publish the statistics of a month that is over."""


class CellAnswer(BaseModel):
    """One figure; ``value``: null where it is suppressed. ``_T``: all of a dimension."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    measure: Measure
    sex: str = Field(description="The group by sex.")
    age: str = Field(description="The age band.")
    value: int | None = Field(description="How many, null where it is not told.")


class MonthAnswer(BaseModel):
    """The figures of a month as they were published; ``event``: the last event of the audit log that was counted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    month: str = Field(description="Which month, YYYY-MM.")
    event: int = Field(description="Number of the last audit event that it rests on.")
    event_digest: str = Field(description="Digest (hex) of that event.")
    smallest: int = Field(description="Counts below this are not told.")
    epsilon: float | None = Field(description="Of the noise, null for none.")
    digest: str = Field(description="SHA-256 (hex) of the table.")
    cells: tuple[CellAnswer, ...] = Field(description="Every count, and the places of those that are not told.")


class MonthsAnswer(BaseModel):
    """The months that were published."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    months: tuple[str, ...] = Field(description="Those that were published, YYYY-MM.")


@router.get("")
async def list_statistics(
    admission: Reader, asking: Annotated[Asking, Depends()], services: ServicesOf
) -> MonthsAnswer:
    """List the months whose statistics were published."""
    await admission.caller(asking.purpose, [], asking.device)
    tables = await run_in_threadpool(services.observatory.tables.tables)
    return MonthsAnswer(months=tuple(each.month for each in tables))


@router.get("/dictionary", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
async def read_dictionary(admission: Reader, asking: Annotated[Asking, Depends()]) -> Response:
    """Read what every column and code of the statistics means."""
    await admission.caller(asking.purpose, [], asking.device)
    return Response(writing.dictionary(), media_type=CSV)


@router.get("/{month}", responses={200: {"content": {"text/csv": {}, "application/vnd.sdmx.data+json": {}}}})
async def read_statistics(
    admission: Reader,
    month: MonthPath,
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    form: FormQuery = "json",
) -> MonthAnswer:
    """Read the statistics of a month as they were published, also as CSV or SDMX-JSON."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    table = await run_in_threadpool(shown, services.observatory, month, caller)
    if form == "json":
        return month_answer(table)
    text = writing.as_csv([table]) if form == "csv" else writing.sdmx_text([table], services.observatory.agency)
    return Response(text, media_type=CSV if form == "csv" else SDMX)  # type: ignore[return-value]


@router.post("/{month}", status_code=201)
async def publish_statistics(
    admission: Publisher, month: MonthPath, body: PublishBody, services: ServicesOf
) -> MonthAnswer:
    """Publish the statistics of a month that is over; published before, they stand as they are."""
    caller = await admission.caller(body.purpose, [], body.device)
    return month_answer(await run_in_threadpool(publish, services.observatory, month, caller))


def month_answer(table: MonthTable) -> MonthAnswer:
    """The figures of a month."""
    cells = tuple(
        CellAnswer(measure=each.measure, sex=each.sex, age=each.age, value=each.value) for each in table.cells
    )
    return MonthAnswer(
        month=table.month,
        event=table.event,
        event_digest=table.event_digest,
        smallest=table.smallest,
        epsilon=table.epsilon,
        digest=table.digest,
        cells=cells,
    )

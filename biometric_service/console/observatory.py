"""What was published for the observatory: figures by month, and of one month by sex and age band."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from biometric_service.console.plots import Bars, bars
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.interchange.statistics.publishing import shown
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.statistics import BANDS, SEXES, TOTAL, Measure, MonthTable

MONTHS = 24
"""How many of the newest months are drawn."""
AGES = (*(each.value for each in BANDS), TOTAL)

router = page_router()


@dataclass(frozen=True, slots=True)
class Drawn:
    """One measure. ``months``: all of each month; ``ages``: of the chosen month; None: the figure is suppressed.

    ``rows``: the table of the chosen month, a row for each sex and one for all, each by age band and all.
    """

    measure: str
    months: tuple[tuple[str, int | None], ...]
    by_month: Bars
    ages: tuple[tuple[str, int | None], ...]
    by_age: Bars
    rows: tuple[tuple[str, tuple[int | None, ...]], ...]


@router.get("/observatory")
async def show_observatory(
    visit: Annotated[Visit, Depends(visiting(Scope.STATISTICS_READ))],
    month: Annotated[str, Query(max_length=7)] = "",
) -> HTMLResponse:
    """What was published: drawn by month, and of the chosen month (else the newest) by sex and age band."""
    caller = await visit.caller()
    tables = await run_in_threadpool(visit.services.observatory.tables.tables)
    chosen = month or (tables[-1].month if tables else "")
    told: dict[str, object] = {"months": [each.month for each in tables], "month": chosen, "drawn": ()}
    if chosen:
        table = await run_in_threadpool(shown, visit.services.observatory, chosen, caller)
        told |= {"drawn": [_drawn(measure, tables[-MONTHS:], table) for measure in Measure], "table": table}
        told["ages"] = AGES
    return visit.page("observatory.html", told)


def _drawn(measure: Measure, tables: Sequence[MonthTable], table: MonthTable) -> Drawn:
    months = tuple((each.month, _figure(each, measure, TOTAL, TOTAL)) for each in tables)
    ages = tuple((age, _figure(table, measure, TOTAL, age)) for age in AGES if age != TOTAL)
    rows = tuple(
        (sex, tuple(_figure(table, measure, sex, age) for age in AGES))
        for sex in (*(each.value for each in SEXES), TOTAL)
    )
    return Drawn(measure.value, months, bars(months), ages, bars(ages), rows)


def _figure(table: MonthTable, measure: Measure, sex: str, age: str) -> int | None:
    return next(each.value for each in table.cells if (each.measure, each.sex, each.age) == (measure, sex, age))

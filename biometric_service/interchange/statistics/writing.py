"""Published statistics as CSV and as SDMX-JSON 2.0, and the dictionary that says what every column and code means."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from biometric_service.vocabulary.statistics import MEANINGS, TOTAL, AgeBand, Cell, Measure, MonthTable, Sex

FREE, CONFIDENTIAL = "F", "C"
"""SDMX's codes for a figure that is free to be published, and for one that is suppressed."""
COLUMNS = ("TIME_PERIOD", "MEASURE", "SEX", "AGE", "OBS_VALUE", "CONF_STATUS")
SCHEMA = "https://raw.githubusercontent.com/sdmx-twg/sdmx-json/master/data-message/tools/schemas/2.0.0/sdmx-json-data-schema.json"
FLOW = "PRISON_IDENTITY"
FLOW_URN = f"urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=PRISON:{FLOW}(1.0.0)"
_LINKS = [{"rel": "dataflow", "urn": FLOW_URN}]

SEX_NAMES: Mapping[str, str] = {
    Sex.MALE: "Male",
    Sex.FEMALE: "Female",
    Sex.NOT_STATED: "Not stated",
    TOTAL: "Total",
}
AGE_NAMES: Mapping[str, str] = {
    AgeBand.UNDER_18: "Under 18 years",
    AgeBand.FROM_18: "18 to 24 years",
    AgeBand.FROM_25: "25 to 34 years",
    AgeBand.FROM_35: "35 to 49 years",
    AgeBand.FROM_50: "50 years and over",
    AgeBand.NOT_STATED: "Not stated",
    TOTAL: "Total",
}
MEASURE_NAMES: Mapping[str, str] = {each.value.upper(): each.value.replace("_", " ").capitalize() for each in Measure}
STATUS_NAMES: Mapping[str, str] = {FREE: "Free", CONFIDENTIAL: "Confidential: suppressed"}


def as_csv(tables: Iterable[MonthTable]) -> str:
    """A line for each figure; a suppressed one has no value and the status C."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(COLUMNS)
    for table in tables:
        for cell in table.cells:
            value = "" if cell.value is None else cell.value
            lines.writerow([table.month, cell.measure.upper(), cell.sex, cell.age, value, _status(cell)])
    return text.getvalue()


def as_sdmx(tables: Sequence[MonthTable], agency: str, prepared: datetime | None = None) -> Mapping[str, Any]:
    """An SDMX-JSON data message, version 2.0.0: a series for each measure, sex and age band, months as observations."""
    dimensions = (MEASURE_NAMES, SEX_NAMES, AGE_NAMES)
    places = [{code: place for place, code in enumerate(names)} for names in dimensions]
    series: dict[str, dict[str, Any]] = {}
    for month, table in enumerate(tables):
        for cell in table.cells:
            codes = (cell.measure.upper(), cell.sex, cell.age)
            key = ":".join(str(place[code]) for place, code in zip(places, codes, strict=True))
            observations = series.setdefault(key, {"observations": {}})["observations"]
            observations[str(month)] = [cell.value, list(STATUS_NAMES).index(_status(cell))]
    at = (prepared or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="seconds")
    return {
        "meta": {
            "schema": SCHEMA,
            "id": f"{FLOW}_{'_'.join(table.digest[:8] for table in tables)}",
            "test": False,
            "prepared": at,
            "contentLanguages": ["en"],
            "sender": {"id": agency},
        },
        "data": {
            "structures": [_structure([table.month for table in tables])],
            "dataSets": [{"structure": 0, "action": "Information", "links": _LINKS, "series": series}],
        },
        "errors": [],
    }


def sdmx_text(tables: Sequence[MonthTable], agency: str) -> str:
    """The data message as JSON."""
    return json.dumps(as_sdmx(tables, agency))


def dictionary() -> str:
    """What every column and code means, as CSV."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\r\n")
    lines.writerow(("column", "code", "meaning"))
    lines.writerow(("TIME_PERIOD", "", "The month, UTC, by the moment of the event."))
    lines.writerows(("MEASURE", each.value.upper(), MEANINGS[each]) for each in Measure)
    for column, names in (("SEX", SEX_NAMES), ("AGE", AGE_NAMES)):
        lines.writerows((column, str(code), name) for code, name in names.items())
    lines.writerow(("OBS_VALUE", "", "How many; empty where it is suppressed. With noise, the count with its noise."))
    lines.writerows(("CONF_STATUS", code, name) for code, name in STATUS_NAMES.items())
    return text.getvalue()


def _structure(months: Sequence[str]) -> Mapping[str, Any]:
    named = (("MEASURE", MEASURE_NAMES), ("SEX", SEX_NAMES), ("AGE", AGE_NAMES))
    series = [_component(name, names, keyPosition=place) for place, (name, names) in enumerate(named)]
    period = _component(
        "TIME_PERIOD", {month: month for month in months}, keyPosition=len(named), roles=["TIME_PERIOD"]
    )
    status = _component("CONF_STATUS", STATUS_NAMES, relationship={"observation": {}})
    return {
        "links": _LINKS,
        "name": "Prison: admissions, releases, movements, and identity errors prevented",
        "dataSets": [0],
        "dimensions": {"dataSet": [], "series": series, "observation": [period]},
        "measures": {"observation": [{"id": "OBS_VALUE", "name": "Count"}]},
        "attributes": {"dataSet": [], "series": [], "observation": [status]},
        "annotations": [],
    }


def _component(name: str, values: Mapping[str, str], **more: object) -> Mapping[str, Any]:
    listed = [{"id": str(code), "name": text} for code, text in values.items()]
    return {"id": name, "name": name.replace("_", " ").capitalize(), "values": listed, **more}


def _status(cell: Cell) -> str:
    return CONFIDENTIAL if cell.value is None else FREE

"""What a report says of adjudicated cases."""

from collections.abc import Iterator, Mapping
from typing import Any

from biometric_service.evaluation.charts import det_chart
from biometric_service.evaluation.figures_in_words import percent, with_span
from biometric_service.evaluation.report import Block, Grid, Paragraph, Section

ORIGINS = {
    "refused": "enrolments that were refused",
    "kept": "enrolments that were kept all the same",
    "searched": "identifications and movement checks",
}


def adjudicated_section(found: Mapping[str, Any]) -> Section:
    """Closed cases: outcomes, and how often a likeness was the same person."""
    return Section("Adjudicated cases", tuple(_blocks(found)))


def _blocks(found: Mapping[str, Any]) -> Iterator[Block]:
    outcomes = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in found["outcomes"].items())
    yield Paragraph(f"{found['cases']:,} closed cases: {outcomes or 'none'}.")
    if not found["cases"]:
        return
    agreed = found["agreed_at_once"]
    yield Paragraph(f"The first two reviewers agreed in {with_span(agreed['share'], agreed['interval'])} of them.")
    heads = ("the same person", "cases", "share")
    yield Grid(("where it came from", *heads), [_row(ORIGINS[name], each) for name, each in found["origins"].items()])
    named = [(f"{band['from']:g} to {band['to']:g}", band) for band in found["bands"]]
    yield Grid(("score (-log10 FMR)", *heads), [_row(name, band) for name, band in named])
    apart = found["told_apart"]
    if apart is not None:
        yield Paragraph(f"Among what reviewers saw, the score parts the two with an EER of {percent(apart['eer'])}.")
        chart = det_chart(apart["det"], ("different people above the score", "the same person below it"), ())
        if chart is not None:
            yield chart
    yield Paragraph(
        "These are pairs that asked for a look, no random sample: no rate here is an FMR or FNMR of the gallery.",
        aside=True,
    )


def _row(name: str, each: Mapping[str, Any]) -> tuple[str, str, str, str]:
    return name, f"{each['count']:,}", f"{each['cases']:,}", with_span(each["share"], each["interval"])

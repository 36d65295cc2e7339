"""What a report says of groups and of single subjects."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from biometric_service.evaluation.charts import rate_chart
from biometric_service.evaluation.figures_in_words import percent, titled, with_span
from biometric_service.evaluation.report import Block, Grid, Paragraph, Section

Groups = Mapping[str, Mapping[str, Any]]


def difference_sections(fields: Mapping[str, Any]) -> Iterator[Section]:
    """One for each kind of label."""
    searches = fields["identification"]["labels"]
    for column, groups in fields["labels"].items():
        blocks = (*_pairs(groups, fields["operating_fmr"]), *_searches(searches.get(column, {})))
        yield Section(f"By {titled(column)}", blocks)


def worst_section(fields: Mapping[str, Any]) -> Section:
    """Who misses themselves most, and who is taken for others most."""
    at = f"at an FMR of {percent(fields['operating_fmr'])}"
    return Section(
        "Single subjects",
        (
            Paragraph(f"Who misses themselves most, {at}:"),
            _worst(fields["worst"]["goats"], "FNMR"),
            Paragraph(f"Who is taken for others most, {at}:"),
            _worst(fields["worst"]["lambs"], "FMR"),
        ),
    )


def _pairs(groups: Groups, fmr: float) -> Iterator[Block]:
    yield Grid(
        ("", "subjects", "mated", "FNMR", "non-mated", "FMR"),
        [
            (
                name,
                _count(each.get("subjects")),
                _count(each["mated"]),
                with_span(each["fnmr"], each["interval"]),
                _count(each.get("nonmated")),
                with_span(each["fmr"], each["fmr_interval"]) if "fmr" in each else "",
            )
            for name, each in groups.items()
        ],
    )
    yield Paragraph(
        f"At one threshold for all: that of an FMR of {percent(fmr)}. Two names with a stroke: one sample of each. The"
        " FMR is that among subjects of the group. Groups differ for certain only where intervals are far apart.",
        aside=True,
    )
    chart = rate_chart(groups, "fnmr", "interval", percent)
    if chart is not None:
        yield Paragraph("FNMR with its 95 % interval:")
        yield chart


def _searches(groups: Groups) -> Iterator[Block]:
    if not groups:
        return
    yield Grid(
        ("", "searches", "FNIR", "of strangers", "FPIR"),
        [
            (
                name,
                _count(each["fnir"]["probes"]),
                with_span(each["fnir"]["rate"], each["fnir"]["interval"]),
                _count(each["fpir"]["probes"]),
                with_span(each["fpir"]["rate"], each["fpir"]["interval"]),
            )
            for name, each in groups.items()
        ],
    )
    yield Paragraph("Identification, at the one threshold of an FPIR of 1 %, by the label of the probe.", aside=True)


def _worst(subjects: Sequence[Mapping[str, Any]], rate: str) -> Block:
    if not subjects:
        return Paragraph("Nobody.")
    rows = [(each["subject"], percent(each["rate"]), _count(each["comparisons"])) for each in subjects]
    return Grid(("subject", rate, "comparisons"), rows)


def _count(number: int | None) -> str:
    return "" if number is None else f"{number:,}"

"""From the fields of a report to the report: what is said of each figure, in which order."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from biometric_service.evaluation.charts import Mark, cmc_chart, det_chart
from biometric_service.evaluation.drawing import Drawing
from biometric_service.evaluation.figures_in_words import counted, percent, with_span
from biometric_service.evaluation.report import Block, Grid, Headline, Headlines, Paragraph, Report, Section
from biometric_service.evaluation.telling_cases import adjudicated_section
from biometric_service.evaluation.telling_groups import difference_sections, worst_section

Fields = Mapping[str, Any]
KINDS = {"fingerprint": "fingers", "face": "faces"}


def told(fields: Fields) -> Report:
    """The whole report."""
    measured = "pooled" in fields
    title = f"How well {KINDS[fields['modality']]} are told apart" if measured else "What reviewers found"
    return Report(title, _about(fields), tuple(_sections(fields)))


def _about(fields: Fields) -> str:
    made = f"Made {fields['at'].replace('T', ' at ')}. The same figures, signed, are in report.json."
    if "pooled" not in fields:
        return made
    return (
        f"{fields['samples']:,} samples of {fields['subjects']:,} subjects, model {fields['model']}, comparator"
        f" {fields['comparator']}. {made}"
    )


def _sections(fields: Fields) -> Iterator[Section]:
    if "pooled" in fields:
        yield Section("In short", tuple(_short(fields)))
        yield Section("Verification: is it who is claimed?", tuple(_verification(fields)))
        yield Section("Identification: who is it?", tuple(_identification(fields)))
        yield Section("Samples that could not be used", tuple(_failures(fields)))
        yield from difference_sections(fields)
        yield worst_section(fields)
    if "adjudicated" in fields:
        yield adjudicated_section(fields["adjudicated"])
    if "pooled" in fields:
        yield Section("How it was measured", tuple(_method(fields)))


def _short(fields: Fields) -> Iterator[Block]:
    pooled, search, failed = fields["pooled"], fields["identification"], fields["acquisition"]
    at = shown_rate(pooled["fnmr"], pooled["nonmated"])
    figures = [
        Headline(
            f"refused in their own name (FNMR at FMR {percent(float(at))})",
            percent(pooled["fnmr"][at]),
            counted(pooled["interval"][at], pooled["mated"], "pairs"),
        ),
        Headline(
            "could not be used (FTA)", percent(failed["fta"]), f"{failed['failed']:,} of {fields['samples']:,} samples"
        ),
    ]
    if search["fnir"]:
        fpir = list(search["fnir"])[-1]
        figures.insert(
            1,
            Headline(
                f"not found, or below the threshold (FNIR at FPIR {percent(float(fpir))})",
                percent(search["fnir"][fpir]),
                counted(search["interval"][fpir], search["mated_probes"], "searches"),
            ),
        )
    yield Headlines(tuple(figures))


def _verification(fields: Fields) -> Iterator[Block]:
    pooled = fields["pooled"]
    yield Grid(*_rates(fields))
    yield Paragraph(
        "FNMR: share of pairs of the same subject that are refused, at the threshold at which so many pairs of"
        " different subjects are accepted (FMR). In brackets 95 % intervals, in percent, that draw whole subjects"
        " anew.",
        aside=True,
    )
    few = [percent(float(fmr)) for fmr in pooled["fnmr"] if float(fmr) * pooled["nonmated"] < 1]
    if few:
        yield Paragraph(f"There are too few non-mated pairs to measure at an FMR of {', '.join(few)}.", aside=True)
    marks = [Mark(float(fmr), pooled["fnmr"][fmr], pooled["interval"][fmr]) for fmr in pooled["fnmr"]]
    yield det_chart(fields["det"], ("FMR", "FNMR"), marks) or _nothing_missed("mated pair", "FMR")
    stated = [(percent(float(rate)), percent(found)) for rate, found in fields["calibration"]["fmr"].items()]
    yield Grid(("FMR that the service states", "FMR measured here"), stated)


def _rates(fields: Fields) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    pooled = fields["pooled"]
    heads = ("set", "mated", "non-mated", "EER", *(f"FMR {percent(float(fmr))}" for fmr in pooled["fnmr"]))
    named = {**fields["sets"], "all": pooled} if len(fields["sets"]) > 1 else fields["sets"]
    return heads, [
        (
            name,
            f"{rates['mated']:,}",
            f"{rates['nonmated']:,}",
            percent(rates["eer"]),
            *(with_span(rates["fnmr"][fmr], rates["interval"][fmr]) for fmr in pooled["fnmr"]),
        )
        for name, rates in named.items()
    ]


def _identification(fields: Fields) -> Iterator[Block]:
    found = fields["identification"]
    count = found["samples_enrolled"]
    yield Paragraph(
        f"{found['gallery']:,} subjects enrolled with {count} sample{'s' * (count > 1)} each;"
        f" {found['mated_probes']:,} searches for them and {found['nonmated_probes']:,} for subjects who are not"
        f" enrolled. The subject is the best candidate in {percent(found['rank1'])} of searches (rank 1)."
    )
    if found["fnir"]:
        rows = [
            (percent(float(fpir)), with_span(rate, found["interval"][fpir])) for fpir, rate in found["fnir"].items()
        ]
        yield Grid(("FPIR: strangers taken for somebody", "FNIR: enrolled, and not found"), rows)
    marks = [Mark(float(fpir), rate, found["interval"][fpir]) for fpir, rate in found["fnir"].items()]
    yield det_chart(found["det"], ("FPIR", "FNIR"), marks) or _nothing_missed("search", "FPIR")
    if found["cmc"]:
        yield cmc_chart(found["cmc"])
        yield Paragraph(
            "Share of searches whose subject is among the best so many candidates, whatever the score (CMC).",
            aside=True,
        )
    yield from _decided(found)


def _decided(found: Fields) -> Iterator[Block]:
    shares, stated = found["decision_shares"], found["stated"]
    said = sorted({*shares["mated"], *shares["nonmated"]})
    rows = [
        (name.replace("_", " "), *(_decision(shares[half].get(name)) for half in ("mated", "nonmated")))
        for name in said
    ]
    yield Grid(("what the service said", "of those enrolled", "of strangers"), rows)
    yield Paragraph(
        f"At the policy in force ({found['policy']}), which states that {percent(stated['match'])} of strangers are"
        f" taken for somebody and {percent(stated['review'])} are shown to an officer.",
        aside=True,
    )


def _decision(share: Fields | None) -> str:
    return percent(0.0) if share is None else with_span(share["share"], share["interval"])


def _failures(fields: Fields) -> Iterator[Block]:
    failed, enrolled = fields["acquisition"], fields["enrolment"]
    yield Grid(
        ("", "rate", "count"),
        (
            (
                "samples without a template (FTA)",
                with_span(failed["fta"], failed["interval"]),
                f"{failed['failed']:,} of {fields['samples']:,}",
            ),
            (
                "subjects who could not be enrolled (FTE)",
                with_span(enrolled["fte"], enrolled["interval"]),
                f"{enrolled['failed']:,} of {enrolled['subjects']:,}",
            ),
        ),
    )
    if failed["reasons"]:
        rows = [(reason.replace("_", " "), f"{count:,}") for reason, count in failed["reasons"].items()]
        yield Grid(("why no template could be made", "samples"), rows)


def _method(fields: Fields) -> Iterator[Block]:
    yield Paragraph(
        "By ISO/IEC 19795-1. Every sample went through the service's own walk: decoding, quality, extraction."
        " Verification compares every sample with every other of its set. Identification enrols half of the subjects,"
        f" drawn by seed {fields['identification']['seed']}, in an empty store, and searches for every other sample as"
        " the service does, candidate lists and audit log included. A sample without a template is a miss in each of"
        " its pairs and searches."
    )
    yield Paragraph(
        "Intervals hold for other subjects like these, captured like these. They say nothing of other sensors, other"
        " people or attacks. Nothing can be measured below a rate of one over the number of non-mated pairs or"
        f" searches. Where none was seen, with {fields['subjects']:,} subjects a rate of up to"
        f" {percent(min(3 / fields['subjects'], 1.0))} cannot be excluded (rule of 3, each subject counted once)."
    )


def shown_rate(rates: Mapping[str, float], count: int) -> str:
    """The lowest error rate that so many comparisons can show, else the highest asked for."""
    shown = [rate for rate in rates if float(rate) * count >= 1]
    return min(shown, key=float) if shown else max(rates, key=float)


def _nothing_missed(what: str, rate: str) -> Drawing | Paragraph:
    return Paragraph(f"No {what} was missed at any {rate} that the samples can show.")

"""The report as one page that needs nothing else: tables, and the DET curve drawn as SVG."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

WIDTH, HEIGHT, LEFT, BOTTOM = 640, 420, 70, 50
LOWEST = -5
STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
h1{font-size:1.7rem}h2{font-size:1.2rem;margin-top:2.2rem;break-after:avoid}
table{border-collapse:collapse;width:100%;break-inside:avoid}th,td{text-align:right;padding:.3rem .6rem;
border-bottom:1px solid #d5d9de;font-variant-numeric:tabular-nums}th:first-child,td:first-child{text-align:left}
td{white-space:nowrap}
th{color:#57606a;font-weight:600}p.note{color:#57606a}svg{width:100%;height:auto;break-inside:avoid}
@media print{body{margin:0;max-width:none;font-size:11pt}}
"""


def page(fields: Mapping[str, Any]) -> str:
    """The whole HTML page."""
    body = "".join(_parts(fields))
    title = f"How well {'faces' if fields['modality'] == 'face' else 'fingers'} are told apart"
    head = f'<meta charset="utf-8"><title>{title}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body><h1>{title}</h1>{body}</body></html>\n'


def _parts(fields: Mapping[str, Any]) -> Iterable[str]:
    yield (
        f"<p>{fields['samples']:,} samples of {fields['subjects']:,} subjects, model {escape(fields['model'])},"
        f" comparator {escape(fields['comparator'])}, {escape(fields['at'])}. Verification by ISO/IEC 19795-1: every"
        f" sample with every other of its set. No template could be made of {_percent(fields['fte'])} of the samples"
        " (FTE); each counts as a false non-match.</p>"
    )
    yield "<h2>False non-matches at given false matches</h2>" + _rates(fields)
    yield "<p class=note>FNMR at the threshold of each FMR, with 95 % intervals that draw whole subjects anew.</p>"
    yield _beyond(fields["pooled"])
    yield "<h2>DET curve</h2>" + det_curve(fields["det"])
    at = f"at an FMR of {_percent(fields['operating_fmr'])}"
    for column, values in fields["labels"].items():
        yield f"<h2>By {escape(column.replace('_', ' '))}, {at}</h2>" + _by_label(values)
    yield f"<h2>Who misses themselves most, {at}</h2>" + _worst(fields["worst"]["goats"], "FNMR")
    yield f"<h2>Who is taken for others most, {at}</h2>" + _worst(fields["worst"]["lambs"], "FMR")


def det_curve(points: Sequence[Sequence[float]]) -> str:
    """FMR across and FNMR upwards, both on logarithmic axes from 0.001 % to 100 %."""
    inside = [(fmr, fnmr) for fmr, fnmr in points if fmr > 0 and fnmr > 0]
    if not inside:
        return "<p>No mated pair was missed at any FMR that the samples can show.</p>"
    line = " ".join(f"{_x(fmr):.1f},{_y(fnmr):.1f}" for fmr, fnmr in inside)
    grid = "".join(map(_grid, range(LOWEST, 1)))
    names = (
        f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 8}" text-anchor="middle">FMR</text>'
        f'<text x="14" y="{HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 14 {HEIGHT / 2})">FNMR</text>'
    )
    curve = f'<polyline points="{line}" fill="none" stroke="#0b57d0" stroke-width="2.5"/>'
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="DET curve" font-size="13" fill="#57606a"'
    return f"<svg {box}>{grid}{names}{curve}</svg>"


def _beyond(pooled: Mapping[str, Any]) -> str:
    """What the non-mated pairs are too few for."""
    few = [_percent(float(fmr)) for fmr in pooled["fnmr"] if float(fmr) * pooled["nonmated"] < 1]
    return (
        f"<p class=note>There are too few non-mated pairs to measure at an FMR of {', '.join(few)}.</p>" if few else ""
    )


def _grid(power: int) -> str:
    x, y, said = _x(10.0**power), _y(10.0**power), f"{100 * 10.0**power:g} %"
    return (
        f'<path d="M{x:.1f} 10V{HEIGHT - BOTTOM}M{LEFT} {y:.1f}H{WIDTH - 20}" stroke="#e3e6ea"/>'
        f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{said}</text>'
        f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{said}</text>'
    )


def _x(rate: float) -> float:
    return LEFT + (WIDTH - 20 - LEFT) * (1 - max(math.log10(rate), LOWEST) / LOWEST)


def _y(rate: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - 10) * (1 - max(math.log10(rate), LOWEST) / LOWEST)


def _rates(fields: Mapping[str, Any]) -> str:
    fmrs = list(fields["pooled"]["fnmr"])
    heads = ("set", "mated", "non-mated", "EER", *(f"FMR {_percent(float(fmr))}" for fmr in fmrs))
    named = {**fields["sets"], "pooled": fields["pooled"]}
    return _table(
        heads,
        (
            (
                name,
                f"{rates['mated']:,}",
                f"{rates['nonmated']:,}",
                _percent(rates["eer"]),
                *(f"{_percent(rates['fnmr'][fmr])} ({_span(rates['interval'][fmr])})" for fmr in fmrs),
            )
            for name, rates in named.items()
        ),
    )


def _by_label(values: Mapping[str, Mapping[str, Any]]) -> str:
    rows = (
        (value, f"{of['subjects']:,}", f"{of['mated']:,}", _rate(of["fnmr"]), _span(of["interval"]))
        for value, of in values.items()
    )
    return _table(("value", "subjects", "mated", "FNMR", "95 % interval"), rows)


def _worst(subjects: Sequence[Mapping[str, Any]], rate: str) -> str:
    if not subjects:
        return "<p>Nobody.</p>"
    rows = ((each["subject"], _percent(each["rate"]), f"{each['comparisons']:,}") for each in subjects)
    return _table(("subject", rate, "comparisons"), rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _rate(rate: float | None) -> str:
    return "no pair" if rate is None else _percent(rate)


def _span(interval: Sequence[float] | None) -> str:
    return "" if interval is None else " – ".join(f"{100 * bound:.2f}" for bound in interval)  # noqa: RUF001


def _percent(rate: float) -> str:
    return f"{100 * rate:.3g} %"

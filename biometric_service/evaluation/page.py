"""The report as one HTML page that needs nothing else; charts are SVG, and it prints."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import assert_never

from biometric_service.evaluation.drawing import SMALL, Dot, Drawing, Line, Shape, Words
from biometric_service.evaluation.report import Block, Grid, Headlines, Paragraph, Report, Section

STYLE = """
:root{--ink:#1b1f24;--grey:#57606a;--line:#d5d9de;--blue:#0b57d0}
body{font:16px/1.55 system-ui,sans-serif;max-width:56rem;margin:2.5rem auto;padding:0 1.25rem;color:var(--ink);
background:#fff}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .4rem}h2{font-size:1.25rem;margin:2.6rem 0 .8rem;padding-top:1rem;
border-top:1px solid var(--line);break-after:avoid}p.about,p.aside{color:var(--grey)}p.aside{font-size:.9rem}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.6rem 0;font-size:.92rem}
th,td{text-align:right;padding:.4rem .6rem;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums;
vertical-align:bottom}td{white-space:nowrap}th:first-child,td:first-child{text-align:left;padding-left:0}
th{color:var(--grey);font-weight:600}tr{break-inside:avoid}
.headlines{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:1rem;margin:1rem 0}
.headline{border:1px solid var(--line);border-top:3px solid var(--blue);border-radius:6px;padding:.9rem 1rem}
.headline b{display:block;font-size:1.9rem;line-height:1.2;font-variant-numeric:tabular-nums}
.headline span{display:block;color:var(--grey);font-size:.88rem}
svg{width:100%;max-width:44rem;height:auto;display:block;margin:1rem 0;break-inside:avoid;font-family:inherit}
@media print{body{margin:0;max-width:none;font-size:10.5pt}}
"""


def page(report: Report) -> str:
    """The whole HTML page."""
    title = escape(report.title)
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>'
        f"<style>{STYLE}</style>"
    )
    body = f"<h1>{title}</h1><p class=about>{escape(report.about)}</p>{''.join(map(_section, report.sections))}"
    return f'<!doctype html><html lang="en"><head>{head}</head><body><main>{body}</main></body></html>\n'


def svg(drawing: Drawing) -> str:
    """The drawing as SVG."""
    box = f'viewBox="0 0 {drawing.width:g} {drawing.height:g}" role="img" aria-label="{escape(drawing.about)}"'
    return f'<svg {box} font-size="{SMALL:g}">{"".join(map(_shape, drawing.shapes))}</svg>'


def _section(section: Section) -> str:
    return f"<section><h2>{escape(section.heading)}</h2>{''.join(map(_block, section.blocks))}</section>"


def _block(block: Block) -> str:
    match block:
        case Paragraph(text, aside):
            return f"<p{' class=aside' if aside else ''}>{escape(text)}</p>"
        case Grid(heads, rows):
            return f"<div class=wide>{_table(heads, rows)}</div>"
        case Headlines(each):
            tiles = (
                f"<div class=headline><b>{escape(one.figure)}</b><span>{escape(one.name)}</span>"
                f"<span>{escape(one.beside)}</span></div>"
                for one in each
            )
            return f"<div class=headlines>{''.join(tiles)}</div>"
        case Drawing():
            return svg(block)
        case _:
            assert_never(block)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _shape(shape: Shape) -> str:
    match shape:
        case Line(points, colour, width):
            places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
            return f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="{width:g}"/>'
        case Dot((x, y), colour, radius):
            return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}" fill="{colour}"/>'
        case Words((x, y), text, anchor, colour, turned):
            turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
            return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{turn}>{escape(text)}</text>'
        case _:
            assert_never(shape)

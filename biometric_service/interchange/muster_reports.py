"""The report of a muster as other people read it: a table (CSV) and a page to sign and file (PDF)."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from biometric_service.interchange.printed_pages import Words, listed, printed, section, table, text, title, words_of
from biometric_service.texts.speaking import ENGLISH, say
from biometric_service.vocabulary.statements import SIGNATURE, read_statement

COLUMNS = ("subject", "state", "last_seen_in", "last_seen_at", "counted_in", "counted_at", "counted_by", "means")
_AREA = "printed.muster"
_AWAY = frozenset({"off_site", "left"})
_FORMULA = ("=", "+", "-", "@")


def report_fields(statement: str) -> Mapping[str, Any]:
    """What a signed report says; SIGNATURE_INVALID where it was changed."""
    return read_statement(statement).fields


def muster_csv(statement: str, language: str = ENGLISH) -> str:
    """Everybody who was expected, one a row, then what was found besides; no cell is read as a formula.

    ``language``: of the heading alone; in English that is the names of ``COLUMNS``, for programs.
    """
    fields = report_fields(statement)
    words = words_of(language, f"{_AREA}.table")
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow([words(name) for name in COLUMNS])
    rows.writerows([_harmless(str(person[name])) for name in COLUMNS] for person in fields["people"])
    for noted in fields["noted"]:
        row = (noted["subject"], noted["finding"], "", "", noted["zone"], noted["at"], "", "")
        rows.writerow([_harmless(str(cell)) for cell in row])
    return written.getvalue()


def muster_pdf(statement: str, language: str = ENGLISH) -> bytes:
    """Figures, who was missing and where they were last seen, what was found besides, and the signature."""
    fields, words = report_fields(statement), words_of(language, _AREA)
    name = say(language, "muster.name", n=fields["muster"])
    parts = (*_heading(name, fields, words), *_figures(fields, words), *_people(fields, words))
    return printed(name, (*parts, *_besides(fields, words), *_signed(statement, words)))


def _heading(name: str, fields: Mapping[str, Any], words: Words) -> list[Flowable]:
    zones = ", ".join(fields["zones"]) or words("everywhere")
    lines = (
        words("counted", galleries=", ".join(fields["galleries"]), zones=zones),
        words("started", at=fields["started_at"], who=fields["started_by"]),
        words("closed", at=fields["closed_at"], who=fields["closed_by"]),
    )
    return [title(name), *(text(line) for line in lines), Spacer(1, 4 * mm)]


def _figures(fields: Mapping[str, Any], words: Words) -> list[Flowable]:
    return [table([[words(f"figures.{name}"), str(value)] for name, value in fields["figures"].items()], None)]


def _people(fields: Mapping[str, Any], words: Words) -> list[Flowable]:
    missing = [each for each in fields["people"] if each["state"] == "missing"]
    elsewhere = [each for each in fields["people"] if each["state"] == "elsewhere"]
    away = [each for each in fields["people"] if each["state"] in _AWAY]
    rows = [[each["subject"], each["last_seen_in"] or words("nowhere"), each["last_seen_at"]] for each in missing]
    gone = [
        [each["subject"], words(f"gone.{each['state']}"), each["last_seen_in"], each["last_seen_at"]] for each in away
    ]
    found = [[each["subject"], each["last_seen_in"], each["counted_in"], each["counted_at"]] for each in elsewhere]
    return [
        section(words("missing", n=len(missing))),
        *_listed(rows, ("person", "last_seen_in", "at"), words),
        section(words("away", n=len(away))),
        *_listed(gone, ("person", "what", "last_seen_in", "at"), words),
        section(words("elsewhere", n=len(elsewhere))),
        *_listed(found, ("person", "expected_in", "counted_in", "at"), words),
    ]


def _besides(fields: Mapping[str, Any], words: Words) -> list[Flowable]:
    rows = [
        [words(f"finding.{each['finding']}"), each["subject"], each["zone"], each["at"]] for each in fields["noted"]
    ]
    return [section(words("noted", n=len(rows))), *_listed(rows, ("what", "person", "in", "at"), words)]


def _listed(rows: Sequence[Sequence[str]], head: Sequence[str], words: Words) -> list[Flowable]:
    return listed(rows, [words(name) for name in head], words("nobody"))


def _signed(statement: str, words: Words) -> list[Flowable]:
    key = read_statement(statement).public_key
    signature = statement.partition(f'"{SIGNATURE}":"')[2].partition('"')[0]
    return [
        section(words("signature")),
        text(words("key", key=key)),
        text(words("over", signature=signature)),
        Spacer(1, 12 * mm),
        text(words("officer", line="_" * 32, short="_" * 16)),
    ]


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell

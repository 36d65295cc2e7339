"""Every text is in one file a language, and the pages load nothing from elsewhere."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from enum import StrEnum
from html.parser import HTMLParser
from pathlib import Path

import pytest

import biometric_service.console
from biometric_service.capture.session.events import Ending
from biometric_service.capture.session.hints import Hint
from biometric_service.console.agreements import Standing
from biometric_service.console.navigation import GROUPS
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.muster_reports import COLUMNS
from biometric_service.interchange.receiving import ImportOutcome
from biometric_service.recognition.requests import EnrolmentOutcome
from biometric_service.texts.sentences import Sentence, pack_sentence, unpack_sentence
from biometric_service.texts.speaking import FILES, LANGUAGES, say
from biometric_service.vocabulary.decisions import Movement, Outcome, Passage
from biometric_service.vocabulary.intakes import PoseHint
from biometric_service.vocabulary.movements import Ground
from biometric_service.vocabulary.musters import Finding, Tally
from biometric_service.vocabulary.quality import Defect
from biometric_service.vocabulary.references import EncounterStatus
from biometric_service.vocabulary.roles import Role
from biometric_service.vocabulary.rulings import RulingCode, RulingReason
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.sharing import (
    Channel,
    DisclosureKind,
    DisclosureState,
    RecordForm,
    RequestKind,
    RequestState,
)
from biometric_service.vocabulary.transactions import Hold, HoldState
from device_drivers.errors import Reason
from device_drivers.protocol import Advice

SERVICE = Path(biometric_service.__file__).parent
FURTHEST = 3
OF_CASE = r"\.of\(\s*ErrorCode\.(\w+),\s*\"(\w+)\""
CONSOLE = Path(biometric_service.console.__file__).parent
TEMPLATES = sorted(CONSOLE.glob("templates/*.html"))
CODE = sorted(path for path in CONSOLE.glob("*.py") if path.name != "__init__.py")
SOURCES = [*sorted(CONSOLE.glob("static/*.js")), *TEMPLATES]
TEXTS = {each: json.loads((FILES / f"strings.{each}.json").read_text("utf-8")) for each in LANGUAGES}
SAID_ATTRIBUTES = {"alt", "title", "placeholder", "aria-label", "aria-description", "aria-roledescription"}
AGREED: Mapping[str, Iterable[StrEnum]] = {"channels": Channel, "forms": RecordForm, "asks": RequestKind}
JINJA = re.compile(r"{{.*?}}|{%.*?%}|{#.*?#}", re.DOTALL)


def names(texts: Mapping[str, object], prefix: str = "") -> Iterator[str]:
    for name, text in texts.items():
        if isinstance(text, Mapping):
            yield from names(text, f"{prefix}{name}.")
        else:
            yield prefix + name


KNOWN = set(names(TEXTS["en"]))


def used() -> Iterator[tuple[str, str]]:
    for source in [*SOURCES, *CODE]:
        text = source.read_text("utf-8")
        patterns = {".js": [r"\bt\(\"([\w.]+)\""], ".py": [r"\bgo\([^)]*?, \"([\w.]+\.[\w.]+)\""]}
        for pattern in patterns.get(source.suffix, [r"\bt\.([\w.]+)", r"\bsay\(\"([\w.]+)\""]):
            yield from ((source.name, name.rstrip(".").removesuffix(".items")) for name in re.findall(pattern, text))


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_languages_have_the_same_texts(language: str) -> None:
    assert set(names(TEXTS[language])) == KNOWN
    for name in KNOWN:
        first, other = (re.findall(r"\{\w+\}", str(of(TEXTS[each], name))) for each in ("en", language))
        assert sorted(first) == sorted(other), name


def of(texts: Mapping[str, object], name: str) -> object:
    found: object = texts
    for part in name.split("."):
        assert isinstance(found, Mapping)
        found = found[part]
    return found


def test_every_text_that_is_used_is_there() -> None:
    missing = [
        (source, name)
        for source, name in set(used())
        if name not in KNOWN and not any(each.startswith(f"{name}.") for each in KNOWN)
    ]
    assert not missing


def test_every_outcome_modality_and_finger_has_a_name() -> None:
    needed = [f"outcome.{outcome.value}" for outcome in (*Outcome, *EnrolmentOutcome, *Passage)]
    needed += [f"modality.{modality.value}" for modality in Modality]
    needed += [f"finger.{position.name.lower()}" for position in FingerPosition]
    needed += [f"direction.{movement.value}" for movement in Movement]
    needed += [f"status.{status.value}" for status in EncounterStatus]
    needed += [f"agreements.states.{each.value}" for each in Standing]
    needed += [f"agreements.{name}.{each.value}" for name, kinds in AGREED.items() for each in kinds]
    needed += [f"disclosures.{name}.{each.value}" for name in ("states", "notes") for each in DisclosureState]
    needed += [f"disclosures.kinds.{each.value}" for each in DisclosureKind]
    needed += [f"agency_requests.{name}.{each.value}" for name in ("states", "notes") for each in RequestState]
    needed += [f"agency_requests.kinds.{each.value}" for each in RequestKind]
    needed += [f"held.{name}.{each.value}" for name in ("reasons", "means") for each in Hold]
    needed += [f"held.{name}.{each.value}" for name in ("states", "notes") for each in HoldState]
    needed += [f"held.said.{each.value}" for each in ImportOutcome]
    needed += [f"api_keys.roles.{each.value}" for each in Role]
    needed += [f"nav.groups.{group.name}" for group in GROUPS]
    needed += [f"nav.{entry.name}" for group in GROUPS for entry in group.entries]
    needed += [f"instruction.{defect.value}" for defect in Defect]
    needed += [f"kiosk.ground.{ground.value}" for ground in Ground]
    assert set(needed) <= KNOWN


def test_every_fault_says_what_is_wrong_and_what_to_do() -> None:
    for code in ErrorCode:
        assert {f"faults.{code.value}.what", f"faults.{code.value}.do"} <= KNOWN, code
    cases = {name.rsplit(".", 1)[0] for name in KNOWN if name.startswith("faults.") and name.count(".") == FURTHEST}
    assert cases == set(raised())
    assert {f"station.faults.{reason.value}.{part}" for reason in Reason for part in ("what", "do")} <= KNOWN
    assert {f"station.ended.{ending.value}" for ending in Ending if ending is not Ending.COMPLETE} <= KNOWN


def test_everything_that_holds_a_transaction_is_said_in_words() -> None:
    refusing = re.compile(r"(?:Refusal\.of|_Refused)\(\s*Hold\.\w+, \"(\w+)\"|MalformedFieldError\(\"(\w+)\"")
    sources = (path.read_text("utf-8") for path in SERVICE.rglob("*.py"))
    cases = {"".join(each) for text in sources for each in refusing.findall(text)}
    assert {f"held.details.{each}" for each in cases | {"unusable"}} == {
        name for name in KNOWN if name.startswith("held.details.")
    }


def test_a_sentence_that_was_kept_is_said_as_before_in_any_language() -> None:
    parts = (Sentence("finger.left_thumb"), Sentence("modality.face"))
    said = Sentence("held.details.image", {"record": 3, "why": Sentence("held.means.empty", {"all": parts}, "Gone.")})
    kept = unpack_sentence(pack_sentence(said))
    assert (kept, str(kept), kept.told("es")) == (said, "Record 3: Gone.", "Registro 3: No hay bytes.")
    several = Sentence("held.details.refused", {"outcome": Sentence("outcome.review"), "unusable": parts})
    assert unpack_sentence(pack_sentence(several)).told("es").endswith("A revisar. Pulgar izquierdo, Cara")


def raised() -> Iterator[str]:
    """Every case of a fault that the code names, in the module's helper or on the spot."""
    for source in SERVICE.rglob("*.py"):
        text = source.read_text("utf-8")
        yield from (f"faults.{code.lower()}.{case}" for code, case in re.findall(OF_CASE, text))
        yield from (name.removesuffix(".what") for name in re.findall(r"\"(faults\.\w+\.\w+\.what)\"", text))
        helper = re.search(r"def _conflict.*\n.*\.of\(ErrorCode\.(\w+), case", text)
        code = helper[1] if helper else "SHARING_CONFLICT"
        yield from (f"faults.{code.lower()}.{case}" for case in re.findall(r"raise _?conflict\(\"(\w+)\"", text))


def test_every_reason_of_a_post_and_every_status_has_a_sentence() -> None:
    assert {f"ruling.{code.value}" for code in RulingCode} <= KNOWN
    assert {f"ruling.status.{status.value}" for status in EncounterStatus} <= KNOWN
    assert {f"intake.advice.{each.value}" for each in (*Defect, *PoseHint, *Hint, *Advice)} <= KNOWN


def test_a_sentence_is_said_in_any_language_with_the_sentences_in_it() -> None:
    gone = RulingReason(RulingCode.NOT_ACTIVE, {"subject": "P-1", "status": "released"}).sentence
    assert str(gone) == "The person is P-1, who is released."
    assert gone.told("es") == "La persona es P-1, cuya situación es: en libertad."


def test_a_fault_in_english_words_alone_is_said_by_its_code_elsewhere() -> None:
    bare = BiometricServiceError(ErrorCode.PLACE_UNKNOWN, "There is no post 'x'.", "Check its id.")
    assert (bare.message, str(bare)) == ("There is no post 'x'.", "place_unknown: There is no post 'x'. Check its id.")
    assert bare.what.told("es") == "No hay ninguna zona ni puesto con este nombre."
    exact = BiometricServiceError.of(ErrorCode.PLACE_CONFLICT, "led_to", zone="wing")
    assert (exact.message, exact.what.told("es")) == (
        "A post leads to the zone 'wing'.",
        "Un puesto lleva a la zona «wing».",
    )


def test_everything_that_reports_tell_has_words() -> None:
    needed = [f"printed.disclosures.what.{kind.value}" for kind in DisclosureKind]
    needed += [f"printed.disclosures.state.{state.value}" for state in DisclosureState]
    needed += [f"printed.muster.finding.{finding.value}" for finding in Finding]
    needed += [f"printed.muster.figures.{each.name}" for each in fields(Tally)]
    needed += [f"printed.muster.table.{column}" for column in COLUMNS]
    assert set(needed) <= KNOWN
    assert [say("en", f"printed.muster.table.{column}") for column in COLUMNS] == list(COLUMNS)


def test_shortcuts_lead_to_one_page_each() -> None:
    entries = [entry for group in GROUPS for entry in group.entries]
    assert len({entry.key for entry in entries}) == len({entry.path for entry in entries}) == len(entries)


class Words(HTMLParser):
    """Finds what a template says by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        self.said += [f"{name}={value}" for name, value in attrs if name in SAID_ATTRIBUTES and value]

    def handle_endtag(self, _: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside != "kbd" and re.search(r"[^\W\d_]", data):
            self.said.append(data.strip())


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_says_nothing_by_itself(template: Path) -> None:
    words = Words()
    words.feed(JINJA.sub("", template.read_text("utf-8")))
    assert words.said == []


@pytest.mark.parametrize("source", [*SOURCES, *sorted(CONSOLE.glob("static/*.css"))], ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere_and_nothing_is_inline(source: Path) -> None:
    text = source.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//cdn|@import", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=\"|innerHTML|\beval\(|localStorage", text)

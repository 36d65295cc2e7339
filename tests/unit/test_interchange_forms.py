"""Every file that agencies exchange is read, shown, and written back equal in meaning, or refused by name."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from biometric_service.cli import app
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.exchange import ExchangeRules
from biometric_service.interchange.forms import open_record
from biometric_service.settings import Settings
from biometric_service.templates.minutiae_records import read_record
from tests.unit.test_interchange_cbeff import DOCUMENT
from tests.unit.test_interchange_transactions import card

RULES = ExchangeRules.of(Settings())
FORMS = {
    "face01.iso2005": "ISO/IEC 19794-5:2005",
    "fmr.ansi2004": "ANSI INCITS 378-2004",
    "fmr.ansi2007": "ANSI INCITS 378-2007 draft",
    "fmr.iso2005": "ISO/IEC 19794-2:2005",
    "img.jp2": "JPEG2000 image",
    "img.wsq": "WSQ image",
    "sample.png": "PNG image",
    "sample.wsq": "WSQ image",
    "type-10-sap10.an2": "ANSI/NIST-ITL transaction",
    "type-14-amp-nqm-utf8.an2": "ANSI/NIST-ITL transaction",
    "type-14-tpcard-nqm.an2": "ANSI/NIST-ITL transaction",
    "type-4-tpcard.an2": "ANSI/NIST-ITL transaction",
    "type-9-13-std.an2": "ANSI/NIST-ITL transaction",
    "type4-slaps.an2k": "ANSI/NIST-ITL transaction",
    "type9-13.an2k": "ANSI/NIST-ITL transaction",
    "type9.an2k": "ANSI/NIST-ITL transaction",
}


@pytest.mark.shared_data
def test_every_reference_record_is_read_and_written_back(shared_data: Path) -> None:
    files = {file.name: file.read_bytes() for file in (shared_data / "interchange").iterdir()}
    opened = {name: open_record(data, RULES) for name, data in files.items()}
    assert {name: each.form for name, each in opened.items()} == FORMS
    for name, each in opened.items():
        if name.startswith("fmr."):
            assert read_record(each.encoded) == read_record(files[name], strict=False)
        else:
            assert each.encoded == files[name]


def test_an_xml_record_is_written_back_equal_in_meaning() -> None:
    opened = open_record(DOCUMENT, RULES)
    assert opened.form == "CBEFF, XML patron format"
    assert ET.canonicalize(opened.encoded.decode()) == ET.canonicalize(DOCUMENT.decode())


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", ErrorCode.IMAGE_EMPTY),
        (b"a letter", ErrorCode.RECORD_UNREADABLE),
        (b"\x89PNG\r\n\x1a\n", ErrorCode.IMAGE_TRUNCATED),
        (b"1.001:99\x1d1.002:0502\x1c", ErrorCode.TRANSACTION_UNREADABLE),
        (b"<itl:NISTBiometricInformationExchangePackage/>", ErrorCode.TRANSACTION_UNREADABLE),
        (b"<person/>", ErrorCode.RECORD_UNREADABLE),
        (b"FIR\x00050\x00", ErrorCode.RECORD_UNREADABLE),
        (b"FAC\x00010\x00\x00", ErrorCode.RECORD_UNREADABLE),
        (b"FMR\x00", ErrorCode.TEMPLATE_INVALID),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(data: bytes, code: ErrorCode) -> None:
    with pytest.raises(BiometricServiceError) as caught:
        open_record(data, RULES)
    assert caught.value.code is code


def test_of_a_file_of_no_known_form_the_known_ones_are_named() -> None:
    with pytest.raises(BiometricServiceError, match=r"no form that is known here.*ANSI/NIST-ITL.*CBEFF.*WSQ"):
        open_record(b"a letter", RULES)


@pytest.mark.parametrize("form", ["transaction", "xml"])
def test_the_command_line_shows_what_a_file_holds(tmp_path: Path, form: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(card() if form == "transaction" else DOCUMENT)
    people = CliRunner().invoke(app, ["interchange", "inspect", str(file)])
    assert people.exit_code == 0
    assert (
        "fingerprint 7, 48 x 64 at 500 dpi, NONE" if form == "transaction" else "Right IndexFinger"
    ) in people.stdout
    machines = CliRunner().invoke(app, ["interchange", "inspect", str(file), "--json"])
    content = json.loads(machines.stdout)["content"]
    assert len(content["records"]) == (5 if form == "transaction" else 3)


def test_every_profile_is_listed() -> None:
    assert set(json.loads(CliRunner().invoke(app, ["interchange", "profiles", "--json"]).stdout)) >= {"itl", "belize"}

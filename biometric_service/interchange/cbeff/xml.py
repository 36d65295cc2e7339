"""The XML patron format (ISO/IEC 19785-3, OASIS, with MOSIP's entries): read whole, written back equal in meaning."""

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET
from xml.parsers.expat import ExpatError, ParserCreate

from biometric_service.interchange.cbeff.record import Bir, Registered, unreadable

NAMESPACE = "http://standards.iso.org/iso-iec/19785/-3/ed-2/"
MOST_DEPTH, MOST_RECORDS, MOST_ELEMENTS = 20, 200, 50_000
MOST_BYTES = 64_000_000
RECORD, INFO, DATA = "BIR", "BDBInfo", "BDB"
TRUE = frozenset({"true", "1"})


@dataclass(frozen=True, slots=True)
class XmlRecords:
    """A document. ``birs``: every record in it that holds data or says that there is none, in order.

    ``canonical``: the document in the canonical form of XML, in which two are equal that mean the same.
    """

    birs: tuple[Bir, ...]
    canonical: bytes

    def encoded(self) -> bytes:
        """The document with all that was in it, whether or not it is known here."""
        return b'<?xml version="1.0" encoding="UTF-8"?>\n' + self.canonical


def is_xml(data: bytes) -> bool:
    """Whether the bytes begin like a document."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


def read_xml(data: bytes) -> XmlRecords:
    """All records of a document.

    RECORD_UNREADABLE for what is not well-formed, too large, too deep, has a document type, or is no BIR.
    """
    if len(data) > MOST_BYTES:
        raise unreadable("it is too large")
    _require_harmless(data)
    try:
        canonical = ET.canonicalize(data.decode("utf-8-sig"))
        root = ET.fromstring(canonical)  # noqa: S314 (as above)
    except (ET.ParseError, UnicodeDecodeError, ValueError, LookupError):
        raise unreadable("it is no well-formed XML in UTF-8") from None
    if _name(root) != RECORD:
        raise unreadable("its first element is not a BIR")
    leaves = list(_leaves(root))
    if len(leaves) > MOST_RECORDS:
        raise unreadable(f"it holds more than {MOST_RECORDS} records")
    return XmlRecords(tuple(map(_bir, leaves)), canonical.encode())


def write_xml(birs: Sequence[Bir]) -> XmlRecords:
    """A document of these records, within one BIR round them; what ``read_xml`` makes of its bytes is the same."""
    root = ET.Element(RECORD, {"xmlns": NAMESPACE})
    _version(root)
    _integrity(root)
    for each in birs:
        _write(root, each)
    return read_xml(ET.tostring(root, encoding="utf-8"))


def _require_harmless(data: bytes) -> None:
    """Neither a document type, which could expand to anything, nor elements without end, beside or within another."""
    depth = elements = 0

    def document_type(*_: object) -> None:
        raise unreadable("it has a document type")

    def begin(*_: object) -> None:
        nonlocal depth, elements
        depth, elements = depth + 1, elements + 1
        if depth > MOST_DEPTH:
            raise unreadable("its elements lie too deep within one another")
        if elements > MOST_ELEMENTS:
            raise unreadable("it has too many elements")

    def end(*_: object) -> None:
        nonlocal depth
        depth -= 1

    parser = ParserCreate()
    parser.StartDoctypeDeclHandler, parser.StartElementHandler, parser.EndElementHandler = document_type, begin, end
    try:
        parser.Parse(data, True)  # noqa: FBT003 (expat's own interface)
    except (ExpatError, LookupError):  # the latter for an encoding that nobody knows
        raise unreadable("it is no well-formed XML") from None


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _children(element: ET.Element | None, name: str) -> list[ET.Element]:
    return [] if element is None else [each for each in element if _name(each) == name]


def _child(element: ET.Element | None, *path: str) -> ET.Element | None:
    for name in path:
        element = next(iter(_children(element, name)), None)
    return element


def _text(element: ET.Element | None, *path: str) -> str:
    found = _child(element, *path)
    return "" if found is None else (found.text or "").strip()


def _leaves(element: ET.Element) -> Iterator[ET.Element]:
    if _child(element, INFO) is not None or _child(element, DATA) is not None:
        yield element
    for each in _children(element, RECORD):
        yield from _leaves(each)


def _bir(element: ET.Element) -> Bir:
    info = _child(element, INFO)
    score = _text(info, "Quality", "Score")
    return Bir(
        data=_data(_text(element, DATA)),
        format=_registered(info, "Format") or _registered_apart(info),
        types=tuple(_text(info, "Type").split()),
        subtypes=tuple(_text(info, "Subtype").split()),
        level=_text(info, "Level"),
        purpose=_text(info, "Purpose"),
        quality=_score(score) if score else None,
        created=_text(info, "CreationDate"),
        encrypted=_text(info, "Encryption").lower() in TRUE,
        others=dict(_entries(element)),
    )


def _data(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise unreadable("its data is no Base64") from None


def _score(text: str) -> int | None:
    """-1 and -2 say that there is none."""
    try:
        score = int(text)
    except ValueError:
        raise unreadable("its quality is no number") from None
    return score if 0 <= score <= 100 else None  # noqa: PLR2004 (a quality score)


def _registered(info: ET.Element | None, name: str) -> Registered | None:
    found = _child(info, name)
    return None if found is None else Registered(_text(found, "Organization"), _text(found, "Type"))


def _registered_apart(info: ET.Element | None) -> Registered | None:
    """As older documents have it."""
    owner, kind = _text(info, "FormatOwner"), _text(info, "FormatType")
    return Registered(owner, kind) if owner or kind else None


def _entries(element: ET.Element) -> Iterator[tuple[str, str]]:
    for others in _children(element, "others"):
        for entry in _children(others, "entry"):
            key = entry.get("key") or _text(entry, "key")
            yield key, _text(entry, "value") or (entry.text or "").strip()


def _add(parent: ET.Element, name: str, text: str = "") -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = text or None
    return element


def _version(parent: ET.Element) -> None:
    for name in ("Version", "CBEFFVersion"):
        version = _add(parent, name)
        _add(version, "Major", "1")
        _add(version, "Minor", "1")


def _integrity(parent: ET.Element) -> None:
    _add(_add(parent, "BIRInfo"), "Integrity", "false")


def _write(root: ET.Element, bir: Bir) -> None:
    element = _add(root, RECORD)
    _version(element)
    _integrity(element)
    info = _add(element, INFO)
    if bir.format:
        format_ = _add(info, "Format")
        _add(format_, "Organization", bir.format.organization)
        _add(format_, "Type", bir.format.type)
    said = {
        "Encryption": "true" if bir.encrypted else "",
        "CreationDate": bir.created,
        "Type": " ".join(bir.types),
        "Subtype": " ".join(bir.subtypes),
        "Level": bir.level,
        "Purpose": bir.purpose,
    }
    for name, text in said.items():
        if text:
            _add(info, name, text)
    if bir.quality is not None:
        _add(_add(info, "Quality"), "Score", str(bir.quality))
    _add(element, DATA, base64.b64encode(bir.data).decode())
    if bir.others:
        others = _add(element, "others")
        for key, value in bir.others.items():
            _add(others, "entry", value).set("key", key)

"""References never change: what is to be searched otherwise, or for somebody else, is removed and added anew.

So an index learns of it like of any other removal and addition, and a number says the same for ever.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, insert, select, update

from biometric_service.references.holders import Holder
from biometric_service.references.intake_tables import PersonNameRow
from biometric_service.references.models import EncounterRow, RemovedReferenceRow, SampleRow, TemplateRow
from biometric_service.references.numbers import take_numbers
from biometric_service.references.protection import (
    details_binding,
    image_binding,
    name_binding,
    notes_binding,
    template_binding,
)
from biometric_service.references.snapshot_keys import destroy_snapshot_key
from biometric_service.vocabulary.references import ChangeNumber

_TEMPLATES = (
    select(TemplateRow.number, TemplateRow.sample, TemplateRow.format, TemplateRow.sealed)
    .join(SampleRow, SampleRow.number == TemplateRow.sample)
    .order_by(TemplateRow.number)
)


def remove_references(connection: Connection, encounters: Sequence[int], change: ChangeNumber) -> None:
    """Say in the feed that the references of the encounters are no more; their rows are the caller's to delete.

    Snapshots of the indexes, which hold them, open no longer.
    """
    templates = _TEMPLATES.where(SampleRow.encounter.in_(encounters))
    _say_removed(connection, [number for number, *_ in connection.execute(templates)], change)
    destroy_snapshot_key(connection)


def renew_references(
    connection: Connection, encounters: Sequence[int], source: Holder, target: Holder, change: ChangeNumber
) -> None:
    """Remove the references of the encounters and add them anew, under the target's key (which may be the source)."""
    rows = connection.execute(_TEMPLATES.where(SampleRow.encounter.in_(encounters))).all()
    first = take_numbers(connection, templates=len(rows)).template - len(rows) + 1
    _say_removed(connection, [number for number, *_ in rows], change)
    for renewed, (number, sample, form, sealed) in enumerate(rows, first):
        plain = source.key.open(sealed, template_binding(number, sample, source.number, form))
        sealed_anew = target.key.seal(plain, template_binding(renewed, sample, target.number, form))
        values = {"number": renewed, "change": change, "sealed": sealed_anew}
        connection.execute(update(TemplateRow).where(TemplateRow.number == number).values(**values))


def hand_over(
    connection: Connection, encounters: Sequence[int], source: Holder, target: Holder, change: ChangeNumber
) -> None:
    """Give encounters to another subject: everything that is sealed opens under the target's key and no other."""
    for encounter in encounters:
        _hand_over_details(connection, encounter, source, target)
        _hand_over_name(connection, encounter, source, target)
        _hand_over_samples(connection, encounter, source, target)
    renew_references(connection, encounters, source, target, change)


def _hand_over_details(connection: Connection, encounter: int, source: Holder, target: Holder) -> None:
    this = EncounterRow.number == encounter
    sealed = connection.execute(select(EncounterRow.details).where(this)).scalar_one()
    bindings = (details_binding(encounter, source.number), details_binding(encounter, target.number))
    details = None
    if sealed is not None:
        details = target.key.seal(source.key.open(sealed, bindings[0]), bindings[1])
    connection.execute(update(EncounterRow).where(this).values(subject=target.number, details=details))


def _hand_over_name(connection: Connection, encounter: int, source: Holder, target: Holder) -> None:
    this = PersonNameRow.encounter == encounter
    sealed = connection.scalar(select(PersonNameRow.sealed).where(this))
    if sealed is not None:
        name = source.key.open(sealed, name_binding(encounter, source.number))
        again = target.key.seal(name, name_binding(encounter, target.number))
        connection.execute(update(PersonNameRow).where(this).values(sealed=again))


def _hand_over_samples(connection: Connection, encounter: int, source: Holder, target: Holder) -> None:
    samples = select(SampleRow.number, SampleRow.image, SampleRow.notes).where(SampleRow.encounter == encounter)
    for number, image, notes in connection.execute(samples).all():
        before, after = (number, encounter, source.number), (number, encounter, target.number)
        opened = source.key.open(image, image_binding(*before))
        values = {"image": target.key.seal(opened, image_binding(*after))}
        if notes is not None:
            said = source.key.open(notes, notes_binding(*before))
            values["notes"] = target.key.seal(said, notes_binding(*after))
        connection.execute(update(SampleRow).where(SampleRow.number == number).values(**values))


def _say_removed(connection: Connection, references: Sequence[int], change: ChangeNumber) -> None:
    if references:
        rows = [{"reference": number, "change": change} for number in references]
        connection.execute(insert(RemovedReferenceRow), rows)

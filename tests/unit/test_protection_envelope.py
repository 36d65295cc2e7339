"""A sealed blob opens where it belongs, and nowhere else."""

import os

import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.protection import Binding, DataKey, MasterKey, image_binding, template_binding
from biometric_service.vocabulary.references import SubjectId

MASTER = MasterKey(bytes(range(32)))
SUBJECT = SubjectId("A-1")


def tampered(key: DataKey, sealed: bytes, binding: Binding) -> bool:
    try:
        key.open(sealed, binding)
    except BiometricServiceError as fault:
        return fault.code is ErrorCode.RECORD_TAMPERED
    return False


def test_what_is_sealed_opens_and_costs_28_bytes() -> None:
    wrapped = MASTER.new_data_key(7, SUBJECT)
    sealed = MASTER.data_key(wrapped, 7, SUBJECT).seal(b"template", template_binding(1, 2, 7, "f"))
    assert len(sealed) == len(b"template") + 28
    again = MasterKey(bytes(range(32))).data_key(wrapped, 7, SUBJECT)
    assert again.open(sealed, template_binding(1, 2, 7, "f")) == b"template"


def test_a_blob_that_was_moved_or_changed_does_not_open() -> None:
    key = MASTER.data_key(MASTER.new_data_key(7, SUBJECT), 7, SUBJECT)
    sealed = key.seal(b"template", template_binding(1, 2, 7, "f"))
    elsewhere = [
        template_binding(2, 2, 7, "f"),
        template_binding(1, 3, 7, "f"),
        template_binding(1, 2, 8, "f"),
        template_binding(1, 2, 7, "g"),
        image_binding(1, 2, 7),
    ]
    assert all(tampered(key, sealed, binding) for binding in elsewhere)
    right = template_binding(1, 2, 7, "f")
    assert all(tampered(key, sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], right) for at in range(36))
    assert all(tampered(key, sealed[:length], right) for length in range(36))


@pytest.mark.parametrize(
    ("master", "subject", "known_as"),
    [(MASTER, 8, SUBJECT), (MASTER, 7, SubjectId("A-2")), (MasterKey(os.urandom(32)), 7, SUBJECT)],
)
def test_a_data_key_is_its_subjects_alone(master: MasterKey, subject: int, known_as: SubjectId) -> None:
    wrapped = MASTER.new_data_key(7, SUBJECT)
    with pytest.raises(BiometricServiceError, match="record_tampered"):
        master.data_key(wrapped, subject, known_as)


def test_derived_keys_differ_from_each_other_and_between_masters() -> None:
    other = MasterKey(os.urandom(32))
    derived = [MASTER.check, MASTER.audit, MASTER.api_keys, other.check, other.audit, other.api_keys]
    assert len(set(derived)) == 6
    assert MasterKey(bytes(range(32))).check == MASTER.check

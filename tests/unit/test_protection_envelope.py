"""A sealed blob opens where it belongs, and nowhere else."""

import os

import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.protection import (
    Binding,
    DataKey,
    MasterKey,
    StoreKey,
    image_binding,
    template_binding,
)
from biometric_service.vocabulary.references import SubjectId

MASTER = MasterKey.of(bytes(range(32)))
WRAPPED = MASTER.new_store_key()
STORE = MASTER.store_key(WRAPPED)
SUBJECT = SubjectId("A-1")


def tampered(key: DataKey, sealed: bytes, binding: Binding) -> bool:
    try:
        key.open(sealed, binding)
    except BiometricServiceError as fault:
        return fault.code is ErrorCode.RECORD_TAMPERED
    return False


def test_what_is_sealed_opens_and_costs_28_bytes() -> None:
    wrapped = STORE.new_data_key(7, SUBJECT)
    sealed = STORE.data_key(wrapped, 7, SUBJECT).seal(b"template", template_binding(1, 2, 7, "f"))
    assert len(sealed) == len(b"template") + 28
    again = MasterKey.of(bytes(range(32))).store_key(WRAPPED).data_key(wrapped, 7, SUBJECT)
    assert again.open(sealed, template_binding(1, 2, 7, "f")) == b"template"


def test_a_blob_that_was_moved_or_changed_does_not_open() -> None:
    key = STORE.data_key(STORE.new_data_key(7, SUBJECT), 7, SUBJECT)
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
    ("store_key", "subject", "known_as"),
    [(STORE, 8, SUBJECT), (STORE, 7, SubjectId("A-2")), (StoreKey(os.urandom(32)), 7, SUBJECT)],
)
def test_a_data_key_is_its_subjects_alone(store_key: StoreKey, subject: int, known_as: SubjectId) -> None:
    wrapped = STORE.new_data_key(7, SUBJECT)
    with pytest.raises(BiometricServiceError, match="record_tampered"):
        store_key.data_key(wrapped, subject, known_as)


def test_derived_keys_differ_from_each_other_and_between_stores() -> None:
    other = MASTER.store_key(MASTER.new_store_key())
    assert len({MASTER.check, STORE.audit, STORE.api_keys, other.audit, other.api_keys}) == 5
    assert MasterKey.of(bytes(range(32))).check == MASTER.check


def test_a_store_key_opens_under_its_master_alone_and_moves_to_another() -> None:
    new = MasterKey.of(os.urandom(32))
    moved = MASTER.rewrapped(WRAPPED, new)
    assert new.store_key(moved).audit == STORE.audit
    for master, wrapped in ((new, WRAPPED), (MASTER, moved)):
        with pytest.raises(BiometricServiceError, match="record_tampered"):
            master.store_key(wrapped)

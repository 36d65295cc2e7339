"""What tests of the store have in common."""

from collections.abc import Callable, Iterator

import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.references import Change, ChangeNumber, Reference, ReferenceId
from biometric_service.vocabulary.templates import Template

Opener = Callable[[], OpenedStore]


def templates_equal(one: Template, other: Template) -> bool:
    def arrays(template: Template) -> list[object]:
        names = ("positions", "directions", "qualities", "kinds", "embedding")
        return [getattr(template, name).tobytes() for name in names if hasattr(template, name)]

    return type(one) is type(other) and one.format == other.format and arrays(one) == arrays(other)


def replay(store_changes: Iterator[tuple[ChangeNumber, Change]]) -> dict[ReferenceId, Reference]:
    held: dict[ReferenceId, Reference] = {}
    for _, change in store_changes:
        held.update({reference.id: reference for reference in change.added})
        for gone in change.removed:
            held.pop(gone, None)
    return held


def refused(code: ErrorCode, act: Callable[[], object]) -> BiometricServiceError:
    with pytest.raises(BiometricServiceError) as caught:
        act()
    assert caught.value.code is code
    return caught.value

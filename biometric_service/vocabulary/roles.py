"""Roles: who works with the service, and the scopes that each needs and no more."""

from collections.abc import Mapping
from enum import StrEnum

from biometric_service.vocabulary.access import Scope


class Role(StrEnum):
    """A post that somebody, or something, holds."""

    INTAKE_OFFICER = "intake-officer"
    CHECKPOINT_DEVICE = "checkpoint-device"
    MUSTER_OFFICER = "muster-officer"
    RELEASE_OFFICER = "release-officer"
    VISIT_OFFICER = "visit-officer"
    EXCHANGE_OFFICER = "exchange-officer"
    SUPERVISOR = "supervisor"
    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    SHARING_OFFICER = "sharing-officer"
    STATISTICIAN = "statistician"
    ANALYST = "analyst"


_OFFICER = frozenset({Scope.IDENTIFY, Scope.VERIFY, Scope.GALLERY_READ, Scope.PLACE_READ, Scope.WHEREABOUTS_READ})

SCOPES: Mapping[Role, frozenset[Scope]] = {
    Role.INTAKE_OFFICER: _OFFICER
    | {Scope.ENCOUNTER_READ, Scope.ENCOUNTER_WRITE, Scope.CAPTURE, Scope.MOVEMENT, Scope.MANUAL_CHECK},
    Role.CHECKPOINT_DEVICE: frozenset({Scope.MOVEMENT, Scope.PLACE_READ}),
    Role.MUSTER_OFFICER: _OFFICER | {Scope.MUSTER, Scope.MANUAL_CHECK, Scope.MOVEMENT},
    Role.RELEASE_OFFICER: _OFFICER | {Scope.RELEASE, Scope.ENCOUNTER_READ, Scope.MANUAL_CHECK},
    Role.VISIT_OFFICER: _OFFICER | {Scope.VISIT, Scope.ENCOUNTER_WRITE, Scope.MANUAL_CHECK},
    Role.EXCHANGE_OFFICER: frozenset(
        {
            Scope.TRANSACTION_READ,
            Scope.TRANSACTION_WRITE,
            Scope.ENCOUNTER_READ,
            Scope.ENCOUNTER_WRITE,
            Scope.GALLERY_READ,
        }
    ),
    Role.SUPERVISOR: _OFFICER
    | {
        Scope.ENCOUNTER_READ,
        Scope.MOVEMENT,
        Scope.ORDER_WRITE,
        Scope.MANUAL_CHECK,
        Scope.MUSTER,
        Scope.RELEASE,
        Scope.VISIT,
        Scope.DEVICE_READ,
    },
    Role.REVIEWER: frozenset({Scope.ADJUDICATE, Scope.VERIFY, Scope.ENCOUNTER_READ}),
    Role.ADMINISTRATOR: frozenset(
        {
            Scope.GALLERY_READ,
            Scope.GALLERY_WRITE,
            Scope.PLACE_READ,
            Scope.PLACE_WRITE,
            Scope.DEVICE_READ,
            Scope.DEVICE_WRITE,
            Scope.KEY_WRITE,
            Scope.METRICS_READ,
        }
    ),
    Role.AUDITOR: frozenset({Scope.AUDIT_READ, Scope.DEVICE_READ, Scope.GALLERY_READ, Scope.PLACE_READ}),
    Role.SHARING_OFFICER: frozenset(
        {Scope.SHARING_APPROVE, Scope.ENCOUNTER_READ, Scope.GALLERY_READ, Scope.TRANSACTION_READ}
    ),
    Role.STATISTICIAN: frozenset({Scope.STATISTICS_READ, Scope.STATISTICS_WRITE}),
    Role.ANALYST: frozenset({Scope.STATISTICS_READ}),
}
"""No role can both write records and judge, audit or share them, and none sets up the posts that it works at.

Who works with published statistics learns of no person.
"""

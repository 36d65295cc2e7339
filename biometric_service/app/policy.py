"""The policy that the settings name, followed while the service runs; every change is an audit event."""

from datetime import UTC, datetime

from biometric_service.decision.policy_file import DEFAULT_POLICY
from biometric_service.decision.policy_reload import PolicyChange, ReloadingPolicy
from biometric_service.settings import Settings
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.protocols import ReferenceStore


def policy_source(settings: Settings, store: ReferenceStore) -> ReloadingPolicy:
    """The policy in force; SETTINGS_INVALID where there is no valid one to begin with."""

    def tell(change: PolicyChange) -> None:
        store.record(_event(change))

    return ReloadingPolicy(settings.policy_file or DEFAULT_POLICY, tell)


def _event(change: PolicyChange) -> AuditEvent:
    before, after = change.before.stamp, change.after.stamp
    details = {"version": after.version, "digest": after.digest, "previous_digest": before.digest}
    if change.fault:
        details |= {"fault": change.fault}
    kind = EventKind.POLICY_REFUSED if change.fault else EventKind.POLICY_CHANGED
    return AuditEvent(kind, datetime.now(UTC), Caller("service", "administration"), details=details)

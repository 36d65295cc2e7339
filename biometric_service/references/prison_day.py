"""All stores of the prison's day on one database."""

from biometric_service.references.cases import SqlCaseStore
from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.manual_checks import SqlManualCheckStore
from biometric_service.references.movement_orders import SqlOrderStore
from biometric_service.references.movement_store import SqlMovementStore
from biometric_service.references.musters import SqlMusterStore
from biometric_service.references.places import SqlPlaceStore
from biometric_service.references.releases import SqlReleaseStore
from biometric_service.references.visits import SqlVisitStore
from biometric_service.vocabulary.day_stores import DayStores


def day_stores(database: Database, keys: KeyRing, log: EventLog, cases: SqlCaseStore) -> DayStores:
    """The stores of the prison's day."""
    places, orders = SqlPlaceStore(database, keys, log), SqlOrderStore(database, keys, log)
    movements, musters = SqlMovementStore(database, log, orders), SqlMusterStore(database, keys, log)
    return DayStores(
        places=places,
        orders=orders,
        movements=movements,
        manual_checks=SqlManualCheckStore(database, keys, log, (places, movements, musters)),
        musters=musters,
        releases=SqlReleaseStore(database, keys, log, cases),
        visits=SqlVisitStore(database, log),
    )

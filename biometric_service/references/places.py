"""Zones and posts in SQL (``vocabulary.day_stores.PlaceStore``); posts are sealed and bound: they let people pass."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, delete, exists, insert, or_, select, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.anchored import AnchoredRights
from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.place_tables import PostRow, WhereaboutsRow, ZoneRow
from biometric_service.references.refusals import check_name, gallery_unknown
from biometric_service.references.rights import RightsSeal
from biometric_service.references.subjects import gallery_exists
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.places import OnDiscrepancy, Post, PostId, Zone, ZoneId
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId

_ZONES = select(*ZoneRow.__table__.columns).order_by(ZoneRow.id)
_POSTS = select(*PostRow.__table__.columns).order_by(PostRow.id)


class SqlPlaceStore:
    """Keeps zones and posts in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._log = log
        self._seal = RightsSeal(lambda: keys.current.day_rights, "A post")
        self._anchored = AnchoredRights(PostRow, log)

    def set_zone(self, zone: Zone, event: AuditEvent) -> None:
        """Keep a zone, in the place of one with the same id."""
        check_name(zone.id, "id of the zone")
        check_name(zone.name, "name of the zone")
        values = {"id": zone.id, "name": zone.name, "capacity": zone.capacity, "off_site": zone.off_site}
        with self._database.writing() as connection:
            if zone_exists(connection, zone.id):
                connection.execute(update(ZoneRow).where(ZoneRow.id == zone.id).values(**values))
            else:
                connection.execute(insert(ZoneRow), values)
            self._log.append(connection, event)

    def drop_zone(self, zone: ZoneId, event: AuditEvent) -> None:
        """Give up a zone; PLACE_UNKNOWN, PLACE_CONFLICT where a post leads to it or somebody is there."""
        with self._database.writing() as connection:
            require_zone(connection, zone)
            guarded = exists().where(or_(PostRow.from_zone == zone, PostRow.to_zone == zone))
            if connection.scalar(select(guarded)):
                raise _conflict("led_to", zone=zone)
            if connection.scalar(select(exists().where(WhereaboutsRow.zone == zone))):
                raise _conflict("occupied", zone=zone)
            connection.execute(delete(ZoneRow).where(ZoneRow.id == zone))
            self._log.append(connection, event)

    def zones(self) -> Sequence[Zone]:
        """Every zone, by id."""
        with self._database.reading() as connection:
            return [_zone(row) for row in connection.execute(_ZONES).mappings()]

    def set_post(self, post: Post, event: AuditEvent) -> None:
        """Keep a post, in the place of one with the same id; PLACE_UNKNOWN, GALLERY_UNKNOWN, REQUEST_INVALID."""
        check_name(post.id, "id of the post")
        check_name(post.name, "name of the post")
        if post.from_zone == post.to_zone:
            raise BiometricServiceError.of(ErrorCode.REQUEST_INVALID, "post_to_itself")
        with self._database.writing() as connection:
            require_zone(connection, post.from_zone)
            require_zone(connection, post.to_zone)
            if post.gallery != ALL_GALLERIES and not gallery_exists(connection, post.gallery):
                raise gallery_unknown(post.gallery)
            connection.execute(delete(PostRow).where(PostRow.id == post.id))
            connection.execute(insert(PostRow), self._seal.sealed(_post_values(post)))
            self._anchored.bind(connection)
            self._log.append(connection, event)

    def drop_post(self, post: PostId, event: AuditEvent) -> None:
        """Give up a post; PLACE_UNKNOWN."""
        with self._database.writing() as connection:
            if not connection.execute(delete(PostRow).where(PostRow.id == post)).rowcount:
                raise _unknown(f"There is no post {post!r}.")
            self._anchored.bind(connection)
            self._log.append(connection, event)

    def posts(self) -> Sequence[Post]:
        """Every post, by id; RECORD_TAMPERED, RIGHTS_REPLAYED."""
        with self._database.reading() as connection:
            return [self._opened(connection, row) for row in connection.execute(_POSTS).mappings().all()]

    def post(self, post: PostId) -> Post:
        """One post; PLACE_UNKNOWN, RECORD_TAMPERED, RIGHTS_REPLAYED."""
        with self._database.reading() as connection:
            return self.read(connection, post)

    def read(self, connection: Connection, post: PostId) -> Post:
        """The same within a transaction."""
        row = connection.execute(_POSTS.where(PostRow.id == post)).mappings().one_or_none()
        if row is None:
            raise _unknown(f"There is no post {post!r}.")
        return self._opened(connection, row)

    def _opened(self, connection: Connection, row: RowMapping) -> Post:
        self._seal.require_intact(row)
        self._anchored.require(connection, row["id"], row["seal"])
        return _post(row)


def zone_exists(connection: Connection, zone: ZoneId) -> bool:
    """Whether there is such a zone."""
    return bool(connection.scalar(select(exists().where(ZoneRow.id == zone))))


def require_zone(connection: Connection, zone: ZoneId) -> None:
    """PLACE_UNKNOWN unless there is such a zone."""
    if not zone_exists(connection, zone):
        raise _unknown(f"There is no zone {zone!r}.")


def _zone(row: RowMapping) -> Zone:
    return Zone(ZoneId(row["id"]), row["name"], row["capacity"], row["off_site"])


def _post(row: RowMapping) -> Post:
    return Post(
        id=PostId(row["id"]),
        name=row["name"],
        from_zone=ZoneId(row["from_zone"]),
        to_zone=ZoneId(row["to_zone"]),
        gallery=GalleryId(row["gallery"]),
        devices=frozenset(row["devices"]),
        demands_order=row["demands_order"],
        on_discrepancy=OnDiscrepancy(row["on_discrepancy"]),
    )


def _post_values(post: Post) -> dict[str, object]:
    return {
        "id": post.id,
        "name": post.name,
        "from_zone": post.from_zone,
        "to_zone": post.to_zone,
        "gallery": post.gallery,
        "devices": sorted(post.devices),
        "demands_order": post.demands_order,
        "on_discrepancy": post.on_discrepancy.value,
    }


def _unknown(message: str) -> BiometricServiceError:
    return BiometricServiceError(ErrorCode.PLACE_UNKNOWN, message, "Check its id; the list has those that there are.")


def _conflict(case: str, **values: object) -> BiometricServiceError:
    return BiometricServiceError.of(ErrorCode.PLACE_CONFLICT, case, **values)

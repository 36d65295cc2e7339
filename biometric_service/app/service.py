"""One running service: the walk, the store, and what an operator may ask of them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from biometric_service.api.telemetry.telemetry import Telemetry
from biometric_service.api.telemetry.tracing import tracer_for
from biometric_service.api.telemetry.watching import watched
from biometric_service.app.drifting import watching_drift
from biometric_service.app.expiring import expiring_intakes
from biometric_service.app.index_snapshots import IndexSnapshots, index_snapshots, keeping
from biometric_service.app.policy import policy_source
from biometric_service.app.present_walk import PresentWalk, with_models_in_use
from biometric_service.app.sharing import examiner, observatory_of, sharing_parts
from biometric_service.app.stages import Stages, build_stages, frame_vouching
from biometric_service.audit.log import ChainedLog
from biometric_service.audit.watched import WatchedLog
from biometric_service.gallery.banked import BankedGallery
from biometric_service.gallery.exact import ExactGallery
from biometric_service.gallery.follower import GalleryFollower
from biometric_service.gallery.following import Watch, following
from biometric_service.gallery.narrowed import NarrowedGallery
from biometric_service.gallery.remote import MatcherLink, RemoteFollower, RemoteGallery
from biometric_service.interchange.exchange import Exchange, ExchangeRules
from biometric_service.interchange.sharing.parts import Sharing
from biometric_service.interchange.sharing.running import sharing_on
from biometric_service.interchange.statistics.publishing import Observatory
from biometric_service.recognition.side_by_side import OnCores
from biometric_service.recognition.walk import Walk
from biometric_service.references.master_keys import MasterKeyProvider, choose_master_key
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.settings import Settings
from biometric_service.vocabulary.cards import CardStore
from biometric_service.vocabulary.day_stores import DayStores
from biometric_service.vocabulary.intakes import IntakeStore
from biometric_service.vocabulary.latents import LatentStore
from biometric_service.vocabulary.outward import SubscriptionStore
from biometric_service.vocabulary.protocols import (
    ApiKeyStore,
    Comparator,
    DeviceStore,
    DriftStore,
    GalleryIndex,
    ModelStore,
    ReferenceStore,
    TaskStore,
)
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.slices import SliceDesk
from biometric_service.vocabulary.transactions import QuarantineStore

INDEXES: Mapping[Literal["exact", "narrowed"], Callable[[Comparator], BankedGallery]] = {
    "exact": ExactGallery,
    "narrowed": NarrowedGallery,
}

RATES = "rates"


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that the command line and the HTTP surface work with.

    ``snapshots``: of the indexes, where this process holds them. ``watch``: gives what waits for the next change.
    ``rates``: as in ``api.services.Services``.
    """

    settings: Settings
    present_walk: Callable[[], Walk]
    store: ReferenceStore
    api_keys: ApiKeyStore
    verify_audit: Callable[[], int]
    devices: DeviceStore
    tasks: TaskStore
    subscriptions: SubscriptionStore
    watch: Watch
    telemetry: Telemetry
    models: ModelStore
    drift: DriftStore
    slices: SliceDesk
    day: DayStores
    quarantine: QuarantineStore
    latents: LatentStore
    sharing: Sharing
    observatory: Observatory
    intakes: IntakeStore
    cards: CardStore
    snapshots: IndexSnapshots | None = None
    rates: Path | None = None

    @property
    def walk(self) -> Walk:
        """The walk on the models that are in use; MODELS_DIFFER while they are being switched."""
        return self.present_walk()

    @property
    def exchange(self) -> Exchange:
        """What comes from and goes to other agencies, on the models that are in use."""
        return Exchange(self.walk, self.quarantine, self.latents, ExchangeRules.of(self.settings))


@contextmanager
def open_service(settings: Settings, matcher: Path | None = None) -> Iterator[Service]:
    """Load the models, open the store, bring the indexes up to it; closed with the context.

    ``matcher``: socket of the process that holds the indexes (see ``app.processes``), None to hold them here.
    """
    telemetry = Telemetry(tracer_for(settings))
    with closing(telemetry.tracer), settings_store(settings, partial(WatchedLog, seen=telemetry.count)) as opened:
        opened.store.require_removals()
        snapshots = index_snapshots(settings, opened) if matcher is None else None
        build = partial(_built, settings, opened, Around(telemetry, snapshots, matcher))
        present = PresentWalk(opened.models, build)
        with ExitStack() as stack:
            if snapshots is not None:
                stack.enter_context(keeping(snapshots))
            present.catch_up()
            keeping_up = present.catch_up if matcher is None else present.keep_up  # the matcher follows by itself
            stack.enter_context(following(keeping_up, opened.database.watch))
            stack.enter_context(following(present.catch_up, opened.database.watch))
            sharing = sharing_parts(settings, opened)
            if matcher is None:
                stack.enter_context(watching_drift(opened.drift, settings.drift_seconds))
                stack.enter_context(sharing_on(sharing, examiner(present), settings.sharing_seconds))
                stack.enter_context(expiring_intakes(opened.intakes))
            yield Service(
                settings=settings,
                present_walk=present,
                store=opened.store,
                api_keys=opened.api_keys,
                verify_audit=opened.store.verify_events,
                devices=opened.devices,
                tasks=opened.tasks,
                subscriptions=opened.subscriptions,
                watch=opened.database.watch,
                telemetry=telemetry,
                models=opened.models,
                drift=opened.drift,
                slices=SliceDesk(lambda: opened.keys.current, opened.devices),
                day=opened.day,
                quarantine=opened.quarantine,
                latents=opened.latents,
                sharing=sharing,
                observatory=observatory_of(settings, opened),
                intakes=opened.intakes,
                cards=opened.cards,
                snapshots=snapshots,
                rates=matcher and matcher.with_name(RATES),
            )


@dataclass(frozen=True, slots=True)
class Around:
    """What a walk is built with besides its models: who looks on, and where its indexes are."""

    telemetry: Telemetry
    snapshots: IndexSnapshots | None
    matcher: Path | None


def _built(settings: Settings, opened: OpenedStore, around: Around) -> Walk:
    """The walk on the models that are in use now."""
    chosen = with_models_in_use(settings, opened.models.in_use())
    walk = assemble_walk(settings, build_stages(chosen), opened, around.snapshots)
    if around.matcher is not None:
        walk = on_matcher(walk, MatcherLink(around.matcher))
    return watched(walk, around.telemetry)


def on_matcher(walk: Walk, link: MatcherLink) -> Walk:
    """The walk with the matcher's indexes in place of its own."""
    indexes = {modality: RemoteGallery(comparator, link) for modality, comparator in walk.comparators.items()}
    return replace(walk, indexes=indexes, follower=RemoteFollower(link))


@contextmanager
def settings_store(
    settings: Settings, log: Callable[[Callable[[], bytes]], ChainedLog] = ChainedLog
) -> Iterator[OpenedStore]:
    """The store that the settings describe, closed with the context; raises what ``open_store`` raises."""
    opened = _open_store(settings, log)
    try:
        yield opened
    finally:
        opened.close()


def build_walk(settings: Settings) -> Walk:
    """The walk on the settings' own store, which stays open for the life of the process (for benchmarks)."""
    return assemble_walk(settings, build_stages(settings), _open_store(settings, ChainedLog))


def store_url(settings: Settings) -> str:
    """Where the store is, or is to be."""
    return settings.database_url or f"sqlite:///{settings.data_dir / 'biometric.db'}"


def ledger_file(settings: Settings) -> Path:
    """Where the certificates of erasures are kept beside the store."""
    return settings.data_dir / "erasures.jsonl"


def master_key(settings: Settings) -> MasterKeyProvider:
    """Where the settings have the master key from."""
    file = settings.master_key_file or settings.data_dir / "master.key"
    return choose_master_key(settings.master_key.get_secret_value(), file, settings.master_key_uri.get_secret_value())


def _open_store(settings: Settings, log: Callable[[Callable[[], bytes]], ChainedLog]) -> OpenedStore:
    return open_store(store_url(settings), master_key(settings), log, ledger=ledger_file(settings))


def assemble_walk(
    settings: Settings, stages: Stages, opened: OpenedStore, snapshots: IndexSnapshots | None = None
) -> Walk:
    """Join the stages to a store through its indexes, as they were laid down or fresh ones."""
    indexes = _indexes(settings, stages.comparators, snapshots)
    return Walk(
        decode=stages.decode,
        extractors=stages.extractors,
        assessors=stages.assessors,
        attack_detectors=stages.attack_detectors,
        comparators=stages.comparators,
        indexes=indexes,
        follower=GalleryFollower(opened.store, list(indexes.values())),
        store=opened.store,
        encounters=opened.encounters,
        answers=opened.answers,
        cases=opened.cases,
        day=opened.day,
        policy=policy_source(settings, opened.store),
        candidate_limit=settings.candidate_limit,
        vouching=frame_vouching(settings, opened.devices),
        side_by_side=OnCores(settings.recognition_workers),
    )


def _indexes(
    settings: Settings, comparators: Mapping[Modality, Comparator], snapshots: IndexSnapshots | None
) -> dict[Modality, GalleryIndex]:
    kinds = {Modality.FINGERPRINT: settings.fingerprint_index, Modality.FACE: settings.face_index}
    makers = {modality: partial(INDEXES[kinds[modality]], comparator) for modality, comparator in comparators.items()}
    if snapshots is None:
        return {modality: make() for modality, make in makers.items()}
    return {modality: snapshots.open(modality, make) for modality, make in makers.items()}

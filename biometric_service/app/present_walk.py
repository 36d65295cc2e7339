"""The walk on the models that are in use: built anew when they are switched, and nothing is answered meanwhile."""

from collections.abc import Callable, Mapping
from threading import Lock

from biometric_service.recognition.reextraction import models_differ
from biometric_service.recognition.walk import Walk
from biometric_service.references.encounters import format_name
from biometric_service.settings import Settings
from biometric_service.vocabulary.protocols import ModelStore
from biometric_service.vocabulary.references import ModelInUse
from biometric_service.vocabulary.samples import Modality

SETTING = {Modality.FINGERPRINT: "fingerprint_model", Modality.FACE: "face_model"}


def with_models_in_use(settings: Settings, in_use: Mapping[Modality, ModelInUse]) -> Settings:
    """The settings with the models that were switched to, whatever they say themselves."""
    names = {SETTING[modality]: used.model for modality, used in in_use.items() if getattr(settings, SETTING[modality])}
    return settings.model_copy(update=names)


class PresentWalk:
    """Gives the walk; MODELS_DIFFER between a switch and the end of the loading. Safe in threads."""

    def __init__(self, models: ModelStore, build: Callable[[], Walk]) -> None:
        self._models = models
        self._build = build
        self._building = Lock()
        self._walk = build()
        self._require_in_use()
        _require_whole(models, self._walk)

    def __call__(self) -> Walk:
        """The walk for one request, of which every part fits every other."""
        walk = self._walk
        if not self._is_in_use(walk):
            raise models_differ("The model was switched, and is not loaded yet.")
        return walk

    def keep_up(self) -> None:
        """Build the walk anew where models were switched, with its indexes brought up to the store."""
        with self._building:
            if not self._is_in_use(self._walk):
                walk = self._build()
                walk.follower.catch_up()
                self._walk = walk

    def catch_up(self) -> None:
        """The same, and bring the indexes of a walk that stays up to the store."""
        self.keep_up()
        self._walk.follower.catch_up()

    def _is_in_use(self, walk: Walk) -> bool:
        in_use = self._models.in_use()
        loaded = {modality: format_name(extractor.format) for modality, extractor in walk.extractors.items()}
        return all(loaded.get(modality, used.form) == used.form for modality, used in in_use.items())

    def _require_in_use(self) -> None:
        if not self._is_in_use(self._walk):
            raise models_differ("The version of a model that was switched to is not the one that is installed.")


def _require_whole(models: ModelStore, walk: Walk) -> None:
    """Never unknown while a part of the gallery is of another model."""
    for extractor in walk.extractors.values():
        lacking = models.lacking(extractor.format)
        if lacking:
            raise models_differ(f"{lacking} samples have no template of {extractor.format}, which the settings name.")

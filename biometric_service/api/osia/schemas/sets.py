"""Bodies that are a list, or nothing."""

from pydantic import RootModel

from biometric_service.api.osia.schemas.encounter import Galleries
from biometric_service.api.osia.schemas.model import Model


class GalleryNames(RootModel[Galleries]):
    """The new galleries of an encounter."""


class Nothing(Model):
    """An operation without a body."""

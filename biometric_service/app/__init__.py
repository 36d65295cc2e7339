"""The composition root: who keeps which promise of ``vocabulary.protocols``, as the settings say."""

from biometric_service.app.server import create_app
from biometric_service.app.service import Service, build_walk, open_service, settings_store

__all__ = ["Service", "build_walk", "create_app", "open_service", "settings_store"]

"""The composition root: who keeps which promise of ``vocabulary.protocols``, as the settings say."""

from typing import TYPE_CHECKING

from biometric_service.app.service import Service, build_walk, open_service, settings_store

if TYPE_CHECKING:
    from fastapi import FastAPI

    from biometric_service.settings import Settings

__all__ = ["Service", "build_walk", "create_app", "open_service", "settings_store"]


def create_app(settings: "Settings | None" = None) -> "FastAPI":
    """The application on the settings in force; its service is closed when the application shuts down."""
    from biometric_service.app.serving import create_app as made  # noqa: PLC0415 (whoever serves nothing need not wait)

    return made(settings)

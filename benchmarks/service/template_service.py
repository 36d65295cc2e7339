"""The service as a deployer runs it, on models that read templates out of pictures (``template_models``).

    python -m benchmarks.service.template_service

Settings as for ``biometric-service serve``.
"""

from benchmarks.service.template_models import template_stages
from biometric_service.app import service
from biometric_service.app.server import run_server
from biometric_service.settings import load_settings

if __name__ == "__main__":
    setattr(service, "build_stages", lambda _: template_stages())  # noqa: B010 - put in place of the real models
    run_server(load_settings(), console_key=False)

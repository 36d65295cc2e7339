"""The way out of a deployment: which URLs may be asked, as the settings say."""

from biometric_service.outbound.gate import OutboundGate
from biometric_service.outbound.rules import OutboundRules
from biometric_service.settings import Settings


def outbound_gate(settings: Settings) -> OutboundGate:
    """The gate; SETTINGS_INVALID where the lists are wrong."""
    rules = OutboundRules(settings.outbound_origins, settings.outbound_networks)
    return OutboundGate(rules, settings.outbound_seconds, settings.max_image_bytes)

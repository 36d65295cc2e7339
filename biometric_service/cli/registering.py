"""``biometric-service devices make-frame-key|register|registered|revoke``: scanners whose frames are believed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from biometric_service.capture.devices import device_failed
from biometric_service.cli.files import read_file
from biometric_service.cli.printing import JsonOption, print_json, print_table
from device_drivers.errors import DeviceError

if TYPE_CHECKING:
    from biometric_service.vocabulary.access import Device
    from biometric_service.vocabulary.events import AuditEvent, EventKind

DeviceArgument = Annotated[str, typer.Argument(help="The device's id, such as scanner-1.")]


def register(devices: typer.Typer) -> None:
    """Add the commands."""
    devices.command("make-frame-key")(make_frame_key)
    devices.command("register")(register_device)
    devices.command("registered")(list_registered)
    devices.command("revoke")(revoke_device)


def make_frame_key(
    *,
    key: Annotated[Path, typer.Option(help="The private key, PEM; only its user may read it.")],
    certificate: Annotated[Path, typer.Option(help="Its certificate, PEM: what is to be registered.")],
    name: Annotated[str, typer.Option(help="Whose it is, for the certificate.")] = "scanner",
) -> None:
    """Make the Ed25519 key that a scanner's frames are signed with, and its certificate for five years."""
    from device_drivers.signing.signer import make_key  # noqa: PLC0415 (the other commands need not wait for it)

    with device_faults("The key cannot be made"):
        make_key(key, certificate, name)
    typer.echo(f"Register {certificate}: biometric-service devices register ID {certificate}")


def register_device(  # noqa: PLR0913 - the options of the command
    device: DeviceArgument,
    certificate: Annotated[Path, typer.Argument(help="Its certificate, PEM.")],
    *,
    name: Annotated[str, typer.Option(help="What people call it.")] = "",
    scope: Annotated[
        list[str] | None, typer.Option(help="What it may do; abis.capture, to sign what it captures, by default.")
    ] = None,
    gallery: Annotated[
        list[str] | None, typer.Option(help="Where it may look; everywhere where none is named.")
    ] = None,
    purpose: Annotated[list[str] | None, typer.Option(help="What for; anything where none is named.")] = None,
    json: JsonOption = False,
) -> None:
    """Register a device by its certificate, so that what it signs is believed until it is revoked or expires."""
    from biometric_service.api.access.certificates import device_of  # noqa: PLC0415 (the others need not wait for it)
    from biometric_service.app import settings_store  # noqa: PLC0415
    from biometric_service.settings import load_settings  # noqa: PLC0415
    from biometric_service.vocabulary.access import ANY_PURPOSE, Principal, Scope  # noqa: PLC0415
    from biometric_service.vocabulary.events import EventKind  # noqa: PLC0415
    from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId  # noqa: PLC0415

    scopes = frozenset(map(Scope, scope or [Scope.CAPTURE]))
    galleries = frozenset(map(GalleryId, gallery or [ALL_GALLERIES]))
    rights = Principal(device, name or device, scopes, galleries, frozenset(purpose or [ANY_PURPOSE]), None)
    made = device_of(rights, read_file(certificate).decode("ascii", "replace"))
    with settings_store(load_settings()) as opened:
        opened.devices.register(made, _event(EventKind.DEVICE_REGISTERED, made))
    if json:
        print_json(_shown(made))
    else:
        typer.echo(f"{device} is registered until {made.expires_at}.")


def list_registered(*, json: JsonOption = False) -> None:
    """Print the devices in force that may call or sign what they capture."""
    from biometric_service.app import settings_store  # noqa: PLC0415 (the other commands need not wait for it)
    from biometric_service.cli.options import administration_event  # noqa: PLC0415
    from biometric_service.settings import load_settings  # noqa: PLC0415
    from biometric_service.vocabulary.events import EventKind  # noqa: PLC0415

    with settings_store(load_settings()) as opened:
        found = opened.devices.devices()
        opened.store.record(administration_event(EventKind.DEVICES_LISTED))
    shown = [_shown(each) for each in found]
    if json:
        print_json({"devices": shown})
    else:
        print_table(
            "Registered devices", tuple(shown[0]) if shown else ("id",), [tuple(each.values()) for each in shown]
        )


def revoke_device(device: DeviceArgument) -> None:
    """End a device at once: nothing that it signs is believed any more."""
    from biometric_service.app import settings_store  # noqa: PLC0415 (the other commands need not wait for it)
    from biometric_service.settings import load_settings  # noqa: PLC0415
    from biometric_service.vocabulary.events import EventKind  # noqa: PLC0415

    with settings_store(load_settings()) as opened:
        found = opened.devices.named(device)
        opened.devices.revoke(device, _event(EventKind.DEVICE_REVOKED, found))
    typer.echo(f"{device} is revoked.")


@contextmanager
def device_faults(what: str) -> Iterator[None]:
    """Faults of the drivers as DEVICE_FAILED; ``what``: the beginning of a sentence on what is wrong."""
    try:
        yield
    except DeviceError as fault:
        raise device_failed(fault.reason, fault.message, what) from None


def _event(kind: "EventKind", device: "Device | None") -> "AuditEvent":
    from biometric_service.cli.options import administration_event  # noqa: PLC0415 (as above)

    details = {"device": device.id, "fingerprint": device.fingerprint} if device else {}
    return administration_event(kind, details=details)


def _shown(device: "Device") -> dict[str, object]:
    return {
        "id": device.id,
        "name": device.name,
        "fingerprint": device.fingerprint,
        "scopes": " ".join(sorted(device.scopes)),
        "galleries": " ".join(sorted(device.galleries)),
        "purposes": " ".join(sorted(device.purposes)),
        "expires_at": device.expires_at,
    }

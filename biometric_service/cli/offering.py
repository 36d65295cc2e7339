"""``biometric-service devices make-sbi-key|serve-sbi``: offers devices of this machine to other software."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from biometric_service.cli.registering import device_faults

KeyOption = Annotated[Path, typer.Option(help="The private key, PEM; only its user may read it.")]
CertificateOption = Annotated[Path, typer.Option(help="Its certificate, PEM: what others are to trust.")]


def make_sbi_key(
    *,
    key: KeyOption,
    certificate: CertificateOption,
    name: Annotated[str, typer.Option(help="Whose it is, for the certificate.")] = "SBI service",
) -> None:
    """Make the key that the devices offered by serve-sbi are signed for with, and its certificate for five years."""
    from device_drivers.sbi.keys import make  # noqa: PLC0415 (the other commands need not wait for it)

    with device_faults("The devices cannot be offered"):
        make(key, certificate, name)
    typer.echo(f"Give {certificate} to whoever is to trust these devices.")


def serve_sbi(  # noqa: PLR0913 - the options of the command
    urls: Annotated[list[str], typer.Argument(help="The devices to offer.")],
    *,
    key: KeyOption,
    certificate: CertificateOption,
    host: Annotated[str, typer.Option(help="Where to listen; SBI is plain HTTP.")] = "127.0.0.1",
    port: Annotated[int | None, typer.Option(help="Instead of the first free one from 4501 to 4600.")] = None,
    environment: Annotated[
        str, typer.Option(help="Of the deployment that the devices are registered with.")
    ] = "Staging",
    origin: Annotated[list[str] | None, typer.Option(help="A web page that may ask: https://enrol.example.")] = None,
) -> None:
    """Offer devices in the protocol of MOSIP's Secure Biometric Interface, until interrupted."""
    from biometric_service.cli.assessing import quality  # noqa: PLC0415 (the other commands need not wait for it)
    from device_drivers.sbi import serving  # noqa: PLC0415
    from device_drivers.sbi.keys import opened  # noqa: PLC0415

    async def serve() -> None:
        offered = serving.offers(urls, quality)
        offer = serving.Offer(offered, opened(key, certificate), environment, frozenset(origin or ()))
        async with serving.serving(offer, host, [port] if port else serving.PORTS) as address:
            typer.echo(f"http://{address}/")
            await asyncio.Event().wait()

    with device_faults("The devices cannot be offered"):
        asyncio.run(serve())

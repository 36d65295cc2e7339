"""``python -m device_drivers.sbi key|serve``: offers our own devices in the protocol of MOSIP's SBI."""

import argparse
import asyncio
import sys
from pathlib import Path

from device_drivers.errors import DeviceError
from device_drivers.sbi.keys import make, opened
from device_drivers.sbi.serving import HOST, PORTS, Offer, offers, serving


def main() -> None:
    """Make a key, or serve until interrupted; exit status 2 with what to do where that cannot be."""
    parser = argparse.ArgumentParser(prog="python -m device_drivers.sbi", description=__doc__)
    commands = parser.add_subparsers(required=True)
    key = commands.add_parser("key", help="Make a key and its certificate.")
    key.add_argument("--name", default="SBI service", help="Whose it is, for the certificate.")
    key.set_defaults(run=lambda given: make(given.key, given.certificate, given.name))
    serve = commands.add_parser("serve", help="Serve until interrupted.")
    serve.add_argument("url", nargs="+", help="A device to offer.")
    serve.add_argument("--host", default=HOST)
    serve.add_argument("--port", type=int, help="Instead of the first that is free from 4501 to 4600.")
    serve.add_argument(
        "--environment", default="Staging", help="Of the deployment that the devices are registered with."
    )
    serve.add_argument("--origin", action="append", default=[], help="A web page that may ask; may be repeated.")
    serve.set_defaults(run=lambda given: asyncio.run(_serve(given)))
    for each in (key, serve):
        each.add_argument("--key", type=Path, required=True, help="The private key, PEM.")
        each.add_argument("--certificate", type=Path, required=True, help="Its certificate, PEM.")
    given = parser.parse_args()
    try:
        given.run(given)
    except DeviceError as fault:
        sys.stderr.write(f"{fault}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        pass


async def _serve(given: argparse.Namespace) -> None:
    key = opened(given.key, given.certificate)
    offer = Offer(offers(given.url), key, given.environment, frozenset(given.origin))
    async with serving(offer, given.host, [given.port] if given.port else PORTS) as address:
        sys.stdout.write(f"http://{address}/\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    main()

"""The ONVIF cameras on the networks that this machine is on (WS-Discovery 1.0, a probe to everybody)."""

import asyncio
import fcntl
import re
import socket
import struct
from contextlib import suppress
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from device_drivers.protocol import Characteristic, DeviceInfo

EVERYBODY = ("239.255.255.250", 3702)
SECONDS = 0.8
GET_ADDRESS = 0x8915  # SIOCGIFADDR
MOST_CAMERAS = 1_000
ADDRESSES = re.compile(rb"<(?:\w+:)?XAddrs[^>]*>([^<]{1,2000})<")
NAME = re.compile(rb"onvif://www\.onvif\.org/name/([^\s<]{1,100})")
PROBE = """<?xml version="1.0" encoding="UTF-8"?>
<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:w="http://schemas.xmlsoap.org/ws/2004/08/addressing"
 xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl">
<e:Header><w:MessageID>uuid:{number}</w:MessageID>
<w:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>
<w:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>
<e:Body><d:Probe><d:Types>dn:NetworkVideoTransmitter</d:Types></d:Probe></e:Body></e:Envelope>"""


class Answers(asyncio.DatagramProtocol):
    """What comes back: the address of each camera, and its name; nothing else of what strangers send is looked at."""

    def __init__(self) -> None:
        self.found: dict[str, DeviceInfo] = {}

    def datagram_received(self, data: bytes, _: tuple[str, int]) -> None:
        """Note a camera."""
        addresses = ADDRESSES.search(data)
        if not addresses or len(self.found) >= MOST_CAMERAS:
            return
        named = NAME.search(data)
        name = unquote(named[1].decode(errors="replace")) if named else "IP camera"
        for address in addresses[1].decode(errors="replace").split()[:1]:
            with suppress(ValueError):
                parts = urlsplit(address)
                url = f"onvif://{parts.hostname}:{parts.port or 80}/"
                captures = frozenset({Characteristic.FACE})
                self.found[url] = DeviceInfo(url, "onvif", name, str(parts.hostname), captures, None)


async def discover() -> list[DeviceInfo]:
    """Each camera that answers within 0.8 s, by its URL without credentials."""
    loop = asyncio.get_running_loop()
    answers = Answers()
    asked = []
    for address in _own_addresses():
        with suppress(OSError):
            transport, _ = await loop.create_datagram_endpoint(lambda: answers, sock=_socket(address))
            asked.append(transport)
            transport.sendto(PROBE.format(number=uuid4()).encode(), EVERYBODY)
    await asyncio.sleep(SECONDS)
    for transport in asked:
        transport.abort()
    return [answers.found[url] for url in sorted(answers.found)]


def _socket(address: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)  # noqa: FBT003 (as the library has it)
    made.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    made.bind((address, 0))
    return made


def _own_addresses() -> list[str]:
    """This machine's IPv4 address on each of its networks."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            with suppress(OSError):
                answer = fcntl.ioctl(asking, GET_ADDRESS, struct.pack("256s", name.encode()[:15]))
                found.append(socket.inet_ntoa(answer[20:24]))
    return found

"""An ONVIF camera: SOAP over HTTP with a password by digest, and its answer to WS-Discovery."""

import base64
import hashlib
import re
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import gmtime

USER, PASSWORD = "guard", "pass word"
GROUP = ("239.255.255.250", 3702)
ENVELOPE = (
    '<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" xmlns:trt="http://www.onvif.org/ver10/media/wsdl" '
    'xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:ter="http://www.onvif.org/ver10/error">'
    "<s:Body>{}</s:Body></s:Envelope>"
)
REFUSED = (
    "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>ter:NotAuthorized</s:Value></s:Subcode></s:Code>"
    '<s:Reason><s:Text xml:lang="en">Sender not Authorized</s:Text></s:Reason></s:Fault>'
)
PROFILE = (
    '<trt:Profiles token="{token}" fixed="true"><tt:Name>{token}</tt:Name>'
    '<tt:VideoEncoderConfiguration token="e{token}">'
    "<tt:Name>e</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>H264</tt:Encoding><tt:Resolution><tt:Width>128</tt:Width>"
    "<tt:Height>160</tt:Height></tt:Resolution><tt:Quality>5</tt:Quality><tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type>"
    "<tt:IPv4Address>0.0.0.0</tt:IPv4Address></tt:Address><tt:Port>0</tt:Port><tt:TTL>1</tt:TTL>"
    "<tt:AutoStart>false</tt:AutoStart></tt:Multicast><tt:SessionTimeout>PT60S</tt:SessionTimeout>"
    "</tt:VideoEncoderConfiguration></trt:Profiles>"
)


def field(text: str, name: str) -> str:
    found = re.search(rf"<(?:\w+:)?{name}\b[^>]*>([^<]*)<", text)
    return found[1] if found else ""


class OnvifCamera:
    """``streams``: the RTSP URL of each profile. ``clock_ahead``: seconds."""

    def __init__(self, streams: dict[str, str]) -> None:
        self.streams = streams
        self.asked: list[str] = []
        self.plugged = True
        self._server = _Server(self)
        self._discovery = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._discovery.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._discovery.bind(GROUP)
        self._discovery.settimeout(0.05)
        group = struct.pack("4s4s", socket.inet_aton(GROUP[0]), socket.inet_aton("127.0.0.1"))
        self._discovery.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
        self._ended = False
        serve = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._threads = [serve, threading.Thread(target=self._discovered)]
        for thread in self._threads:
            thread.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._ended = True
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._server.server_close()
        self._discovery.close()

    def _discovered(self) -> None:
        while not self._ended:
            try:
                data, asker = self._discovery.recvfrom(4096)
            except TimeoutError:
                continue
            if self.plugged and b"Probe" in data and b"NetworkVideoTransmitter" in data:
                match = (
                    "<d:ProbeMatches xmlns:d='http://schemas.xmlsoap.org/ws/2005/04/discovery'><d:ProbeMatch>"
                    "<d:Scopes>onvif://www.onvif.org/name/Gate%20camera</d:Scopes>"
                    f"<d:XAddrs>http://{self.address}/onvif/device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches>"
                )
                self._discovery.sendto(ENVELOPE.format(match).encode(), asker)

    def answer(self, question: str) -> tuple[int, str]:
        body = question.split("Body", 1)[1]
        operation = next((name for name in OPERATIONS if re.search(rf"[<:]{name}[\s/>]", body)), "")
        self.asked.append(operation)
        if operation != "GetSystemDateAndTime" and not self._authorized(question):
            return 400, REFUSED
        if not operation:
            return 400, REFUSED.replace("NotAuthorized", "ActionNotSupported").replace(
                "not Authorized", "asks too much"
            )
        return 200, getattr(self, f"_{operation}")(body)

    def _authorized(self, question: str) -> bool:
        nonce, created = field(question, "Nonce"), field(question, "Created")
        made = hashlib.sha1(base64.b64decode(nonce) + created.encode() + PASSWORD.encode()).digest()
        return field(question, "Username") == USER and field(question, "Password") == base64.b64encode(made).decode()

    def _GetSystemDateAndTime(self, _: str) -> str:  # noqa: N802 (ONVIF's name)
        now = gmtime()
        names = ("Year", "Month", "Day", "Hour", "Minute", "Second")
        parts = [f"<tt:{name}>{value}</tt:{name}>" for name, value in zip(names, now[:6], strict=True)]
        date, time = f"<tt:Date>{''.join(parts[:3])}</tt:Date>", f"<tt:Time>{''.join(parts[3:])}</tt:Time>"
        return (
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
            f"<tt:DaylightSavings>false</tt:DaylightSavings><tt:UTCDateTime>{time}{date}</tt:UTCDateTime>"
            "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )

    def _GetServices(self, _: str) -> str:  # noqa: N802
        version = "<tds:Version><tt:Major>2</tt:Major><tt:Minor>6</tt:Minor></tds:Version>"
        services = "".join(
            f"<tds:Service><tds:Namespace>http://www.onvif.org/ver10/{name}/wsdl</tds:Namespace>"
            f"<tds:XAddr>http://{self.address}/onvif/{name}_service</tds:XAddr>{version}</tds:Service>"
            for name in ("device", "media")
        )
        return f"<tds:GetServicesResponse>{services}</tds:GetServicesResponse>"

    def _GetDeviceInformation(self, _: str) -> str:  # noqa: N802
        said = {
            "Manufacturer": "Acme",
            "Model": "Gate",
            "FirmwareVersion": "1",
            "SerialNumber": "0815",
            "HardwareId": "1",
        }
        fields = "".join(f"<tds:{name}>{value}</tds:{name}>" for name, value in said.items())
        return f"<tds:GetDeviceInformationResponse>{fields}</tds:GetDeviceInformationResponse>"

    def _GetProfiles(self, _: str) -> str:  # noqa: N802
        profiles = "".join(PROFILE.format(token=token) for token in self.streams)
        return f"<trt:GetProfilesResponse>{profiles}</trt:GetProfilesResponse>"

    def _GetStreamUri(self, body: str) -> str:  # noqa: N802
        uri = self.streams[field(body, "ProfileToken")]
        return (
            f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{uri}</tt:Uri>"
            "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false</tt:InvalidAfterReboot>"
            "<tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>"
        )


OPERATIONS = [name.removeprefix("_") for name in vars(OnvifCamera) if name.startswith("_Get")]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, camera: OnvifCamera) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.camera = camera


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def log_message(self, *_: object) -> None:
        """Be quiet."""

    def do_POST(self) -> None:
        question = self.rfile.read(int(self.headers["Content-Length"])).decode()
        status, body = self.server.camera.answer(question)
        data = ENVELOPE.format(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/soap+xml; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

"""A G-SDK device gateway over TLS with one terminal, on the maker's own server stubs."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import numpy as np
from numpy.typing import NDArray

from device_drivers.suprema import stubs
from tests.emulators.benches.files import bmp

WORKERS = 8
TERMINAL, MODEL = 547_832_190, "BioStation L2"


class SupremaGateway:
    """``refusal``: what the next scans are refused with, a status and a text. ``scans``: what was asked of
    them. ``others``: ids of further terminals."""

    def __init__(self, identity: bytes, picture: NDArray[np.uint8]) -> None:
        self.identity, self.picture = identity, picture
        self.finger, self.plugged, self.connected, self.fingers = threading.Event(), True, True, True
        self.damaged, self.pause, self.quality = False, 0.0, 77
        self.refusal: tuple[grpc.StatusCode, str] | None = None
        self.scans: list[Any] = []
        self.others: list[int] = []
        self.address = "10.0.0.20"
        self.port = 0
        self.start()

    def start(self) -> None:
        self._pool = ThreadPoolExecutor(WORKERS)
        together = threading.Barrier(WORKERS)
        list(self._pool.map(lambda _: together.wait(), range(WORKERS)))  # so that none is begun later
        self._server = grpc.server(self._pool)
        stubs.connect_calls.add_ConnectServicer_to_server(_connect(self), self._server)
        stubs.device_calls.add_DeviceServicer_to_server(_device(self), self._server)
        stubs.finger_calls.add_FingerServicer_to_server(_finger(self), self._server)
        credentials = grpc.ssl_server_credentials([(self.identity, self.identity)])
        self.port = self._server.add_secure_port(f"127.0.0.1:{self.port}", credentials)
        self._server.start()

    def close(self) -> None:
        self.plugged = False
        self._server.stop(0).wait()
        self._pool.shutdown()

    def require(self, identity: int, context: grpc.ServicerContext) -> None:
        if identity != TERMINAL or not self.connected:
            context.abort(grpc.StatusCode.NOT_FOUND, f"device {identity} is not connected")
        if not self.plugged:
            context.abort(grpc.StatusCode.UNAVAILABLE, "socket is not connected (-107)")


def _connect(gateway: SupremaGateway) -> object:
    class Connect(stubs.connect_calls.ConnectServicer):  # type: ignore[misc,name-defined]
        def GetDeviceList(self, _: object, __: object) -> object:
            status = stubs.connect.TLS_CONNECTED if gateway.connected else stubs.connect.DISCONNECTED
            info = stubs.connect.DeviceInfo(deviceID=TERMINAL, IPAddr=gateway.address, port=51211, status=status)
            others = [stubs.connect.DeviceInfo(deviceID=other, status=status) for other in gateway.others]
            return stubs.connect.GetDeviceListResponse(deviceInfos=[info, *others])

        def Connect(self, request: Any, context: grpc.ServicerContext) -> object:
            if request.connectInfo.IPAddr != gateway.address or request.connectInfo.port != 51211:
                context.abort(grpc.StatusCode.UNAVAILABLE, "cannot connect (-102)")
            gateway.connected = True
            return stubs.connect.ConnectResponse(deviceID=TERMINAL)

    return Connect()


def _device(gateway: SupremaGateway) -> object:
    class Device(stubs.device_calls.DeviceServicer):  # type: ignore[misc,name-defined]
        def GetInfo(self, request: Any, context: grpc.ServicerContext) -> object:
            gateway.require(request.deviceID, context)
            info = stubs.device.FactoryInfo(modelName=MODEL, firmwareVersion="1.9.1")
            return stubs.device.GetInfoResponse(info=info)

        def GetCapabilityInfo(self, request: Any, context: grpc.ServicerContext) -> object:
            gateway.require(request.deviceID, context)
            able = stubs.device.CapabilityInfo(fingerSupported=gateway.fingers)
            return stubs.device.GetCapabilityInfoResponse(capInfo=able)

    return Device()


def _finger(gateway: SupremaGateway) -> object:
    class Finger(stubs.finger_calls.FingerServicer):  # type: ignore[misc,name-defined]
        def Scan(self, request: Any, context: grpc.ServicerContext) -> object:
            gateway.scans.append(request)
            if gateway.refusal:
                context.abort(*gateway.refusal)
            until = time.monotonic() + 10
            while not gateway.finger.wait(0.01):
                if not context.is_active() or time.monotonic() > until:
                    context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "fingerprint scan timeout (-305)")
            return stubs.finger.ScanResponse(templateData=bytes(384), qualityScore=gateway.quality)

        def GetImage(self, request: Any, context: grpc.ServicerContext) -> object:
            time.sleep(gateway.pause)
            gateway.require(request.deviceID, context)
            data = bmp(gateway.picture)
            return stubs.finger.GetImageResponse(BMPImage=data[: len(data) // 2] if gateway.damaged else data)

    return Finger()

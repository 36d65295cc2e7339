"""The bench of ONVIF cameras: SOAP of our own emulator, and the stream of a real RTSP server."""

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from tests.emulators.benches.rtsp import RtspBench
from tests.emulators.onvif_camera import OnvifCamera


class OnvifBench(RtspBench):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        port = self.locked_host.rpartition(":")[2]
        self.camera = OnvifCamera({"main": f"rtsp://10.255.255.1:{port}/stream", "small": f"rtsp://x:{port}/none"})
        self.url = f"onvif://guard:pass%20word@{self.camera.address}/"
        self.absent = f"{self.url}?profile=none"

    def forbidden(self) -> AbstractContextManager[str]:
        return nullcontext(f"onvif://guard:wrong@{self.camera.address}/")

    def close(self) -> None:
        self.camera.close()
        super().close()

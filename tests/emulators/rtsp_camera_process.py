"""An IP camera: a real RTSP server (GStreamer's), H.264, each picture whole and nearly without loss.

Told a line at a time.

Prints two ports: of a server that is open, and of one that wants guard's password by digest. /udp offers no TCP.
"""

import sys
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402 (the versions are asked for first)

FRAME_MILLISECONDS = 40
ENCODER = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=1 pass=quant quantizer=1 threads=1"
LAUNCH = f"( appsrc name=src is-live=true do-timestamp=true format=time ! {ENCODER} ! rtph264pay name=pay0 pt=96 )"
ACCESS = ("media.factory.access", "media.factory.construct")


class Camera:
    """``sources``: one for each path that somebody looks at."""

    def __init__(self) -> None:
        self.width, self.height, self.data = 16, 16, bytes(16 * 24)
        self.sending = False
        self.skip = self.tick = 0
        self.sources: list[Any] = []
        self.open, self.locked = self.server("/stream", "/udp"), self.server("/stream")
        self.locked.set_auth(self.auth())
        GLib.timeout_add(FRAME_MILLISECONDS, self.push)

    def server(self, *paths: str) -> Any:
        server = GstRtspServer.RTSPServer()
        server.set_address("127.0.0.1")
        server.set_service("0")
        for path in paths:
            server.get_mount_points().add_factory(path, self.factory(path))
        server.attach(None)
        return server

    def auth(self) -> Any:
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "guard")
        auth.add_digest("guard", "pass word", token)
        return auth

    def factory(self, path: str) -> Any:
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(LAUNCH)
        permissions = GstRtspServer.RTSPPermissions()
        for access in ACCESS:
            permissions.add_permission_for_role("guard", access, True)  # noqa: FBT003 (C has no names)
        factory.set_permissions(permissions)
        if path == "/udp":
            factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
        factory.connect("media-configure", self.configured)
        return factory

    def configured(self, _: Any, media: Any) -> None:
        source = media.get_element().get_by_name("src")
        size = f"width={self.width},height={self.height}"
        source.set_property("caps", Gst.Caps.from_string(f"video/x-raw,format=I420,{size},framerate=25/1"))
        self.sources.append(source)
        media.connect("unprepared", lambda _: self.sources.remove(source))
        source.emit("push-buffer", Gst.Buffer.new_wrapped(self.data))

    def push(self) -> bool:
        self.tick += 1
        if self.sending and self.tick % (self.skip + 1) == 0:
            for source in self.sources:
                source.emit("push-buffer", Gst.Buffer.new_wrapped(self.data))
        return True

    def told(self, words: list[str]) -> None:
        if words[0] == "load":
            self.width, self.height = int(words[1]), int(words[2])
            self.data = Path(words[3]).read_bytes()
        elif words[0] == "send":
            self.sending = words[1] == "1"
        elif words[0] == "slow":
            self.skip = 12
        elif words[0] == "hang-up":
            for server in (self.open, self.locked):
                server.client_filter(lambda *_: GstRtspServer.RTSPFilterResult.REMOVE)


def main() -> None:
    Gst.init(None)
    camera = Camera()
    loop = GLib.MainLoop()

    def told(*_: object) -> bool:
        line = sys.stdin.readline()
        if not line:
            loop.quit()
            return False
        camera.told(line.split())
        print("done", flush=True)
        return True

    GLib.io_add_watch(0, GLib.IOCondition.IN | GLib.IOCondition.HUP, told)
    print(camera.open.get_bound_port(), camera.locked.get_bound_port(), flush=True)
    loop.run()


main()

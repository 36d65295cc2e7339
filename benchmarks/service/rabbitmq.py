"""A RabbitMQ server of our own, where one is installed: in a folder of its own, on loopback alone, with STOMP."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.free_port import free_port

SERVER = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
PATIENCE_S = 120.0


def available() -> bool:
    """Whether Debian's rabbitmq-server is there."""
    return SERVER.exists() and shutil.which("epmd") is not None


@dataclass(slots=True)
class RabbitmqServer:
    """``port``: where it speaks STOMP. What is persistent outlives ``kill`` and ``start``."""

    folder: Path
    port: int = field(default_factory=free_port)
    _amqp: int = field(default_factory=free_port)
    _distribution: int = field(default_factory=free_port)
    _epmd: int = field(default_factory=free_port)
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """As the adapter's setting has it."""
        return f"stomp://guest:guest@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        (self.folder / "enabled_plugins").write_text("[rabbitmq_stomp].\n", encoding="ascii")
        listeners = f"listeners.tcp.1 = 127.0.0.1:{self._amqp}\nstomp.listeners.tcp.1 = 127.0.0.1:{self.port}\n"
        (self.folder / "rabbitmq.conf").write_text(listeners, encoding="ascii")
        with (self.folder / "said").open("ab") as said:
            self._process = subprocess.Popen(  # noqa: S603 - Debian's own
                [SERVER], env=self._environment(), stdout=said, stderr=said, start_new_session=True
            )
        until = time.monotonic() + PATIENCE_S
        while not (answers(self.port) and answers(self._amqp)):
            self.require()
            if time.monotonic() > until:
                raise RuntimeError(f"the broker did not start within {PATIENCE_S:.0f} seconds: {self._said()}")
            time.sleep(0.1)

    def require(self) -> None:
        """Raise RuntimeError, with what it said, where it has ended by itself."""
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"the broker ended by itself: {self._said()}")

    def _said(self) -> str:
        return (self.folder / "said").read_text(encoding="utf-8", errors="replace")[-2000:]

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        """End it for good, with what it started beside itself."""
        self._end(signal.SIGKILL)
        epmd = shutil.which("epmd") or "epmd"
        subprocess.run([epmd, "-port", str(self._epmd), "-kill"], capture_output=True, check=False)  # noqa: S603 - our own

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, how)
            self._process.wait()
            self._process = None
            until = time.monotonic() + PATIENCE_S
            while answers(self.port) and time.monotonic() < until:
                time.sleep(0.05)

    def _environment(self) -> dict[str, str]:
        folder = str(self.folder)
        own = {
            "HOME": folder,
            "RABBITMQ_NODENAME": f"own{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_MNESIA_BASE": f"{folder}/data",
            "RABBITMQ_LOG_BASE": f"{folder}/log",
            "RABBITMQ_CONFIG_FILE": f"{folder}/rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{folder}/enabled_plugins",
            "RABBITMQ_CONF_ENV_FILE": f"{folder}/none",
            "ERL_EPMD_PORT": str(self._epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }
        return {**os.environ, **own}


@contextmanager
def running_broker() -> Iterator[RabbitmqServer]:
    """A broker that is there while the context lasts."""
    with tempfile.TemporaryDirectory(prefix="biometric-broker-", ignore_cleanup_errors=True) as folder:
        server = RabbitmqServer(Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.close()


def answers(port: int) -> bool:
    """Whether anything listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0

"""A ZKTeco terminal on the wire: introduces itself, and pushes each line until somebody says that it is kept."""

import http.client
import time
from urllib.parse import urlencode


class ZktecoTerminal:
    def __init__(self, port: int, serial: str = "CQZ7") -> None:
        self._port, self._serial = port, serial

    def introduce(self) -> bool:
        """Whether it was told how to push."""
        status, text = self.ask("GET", {"options": "all", "pushver": "2.4.1"})
        return status == 200 and "Realtime=1" in text

    def push(self, *lines: str, seconds: float = 20.0) -> int:
        """How often it had to send them."""
        until, tries = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            tries += 1
            status, text = self.ask("POST", {"table": "ATTLOG", "Stamp": "9999"}, "\n".join(lines) + "\n")
            if (status, text) == (200, f"OK: {len(lines)}"):
                return tries
            time.sleep(0.05)
        raise TimeoutError

    def ask(self, verb: str, said: dict[str, str], body: str = "") -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            connection.request(verb, f"/iclock/cdata?{urlencode({'SN': self._serial, **said})}", body.encode())
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except (OSError, http.client.HTTPException):
            return 0, ""
        finally:
            connection.close()

"""What a gateway's refusal means: it says a code of gRPC, and in its text a number of the maker's."""

import re
from collections.abc import Mapping

import grpc

from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import Advice, Retry

NUMBER = re.compile(r"(?<![\w.])-(\d{1,4})\b")
NOT_TRUSTED = ("CERTIFICATE_VERIFY_FAILED", "CERTIFICATE_REQUIRED", "hostname", "peer name", "handshake")
PLACE = Retry("Put the finger flat on the sensor, and hold it until the terminal says so.", Advice.PLACE)
LIVE = Retry("The sensor takes it for no living finger: clean and dry it, and put it there again.", Advice.NOT_LIVING)
ADVICE: Mapping[int, Retry] = {304: PLACE, 308: PLACE, 309: PLACE, 310: PLACE, 311: LIVE, 312: LIVE, 313: LIVE}
NOTHING = frozenset({303, 305, 306, 601})
GONE = frozenset({102, 105, 106, 107, 108, 202, 907})
BY_STATUS: Mapping[grpc.StatusCode, Reason] = {
    grpc.StatusCode.UNAVAILABLE: Reason.UNPLUGGED,
    grpc.StatusCode.NOT_FOUND: Reason.UNPLUGGED,
    grpc.StatusCode.CANCELLED: Reason.UNPLUGGED,
    grpc.StatusCode.UNAUTHENTICATED: Reason.PERMISSION,
    grpc.StatusCode.PERMISSION_DENIED: Reason.PERMISSION,
    grpc.StatusCode.UNIMPLEMENTED: Reason.UNSUPPORTED,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Reason.BUSY,
    grpc.StatusCode.ABORTED: Reason.BUSY,
    grpc.StatusCode.DEADLINE_EXCEEDED: Reason.TIMEOUT,
}


class RefusedError(Exception):
    """A call that the gateway did not answer: its ``status`` and what it said."""

    def __init__(self, status: grpc.StatusCode, said: str) -> None:
        super().__init__(f"{status.name}: {said}")
        self.status, self.said = status, said

    @property
    def number(self) -> int:
        """The maker's number of the error, without its sign; 0 where none is said."""
        found = NUMBER.search(self.said)
        return int(found.group(1)) if found else 0

    @property
    def distrust(self) -> bool:
        """Whether it was not even spoken to: one of the two does not trust the other's certificate."""
        return self.status is grpc.StatusCode.UNAVAILABLE and any(word in self.said for word in NOT_TRUSTED)


def advice_in(refused: RefusedError) -> Retry | None:
    """What the person can do better; None where it is not the person's."""
    return ADVICE.get(refused.number)


def is_nothing(refused: RefusedError) -> bool:
    """Whether nobody put a finger there in time."""
    return refused.number in NOTHING or refused.status is grpc.StatusCode.DEADLINE_EXCEEDED


def fault_of(refused: RefusedError, url: str) -> DeviceError:
    """The fault that it is."""
    if refused.distrust:
        what = f"{url} and this machine do not trust each other: give the gateway's authority as trust=."
        return DeviceError(Reason.PERMISSION, what)
    reason = Reason.UNPLUGGED if refused.number in GONE else BY_STATUS.get(refused.status, Reason.PROTOCOL)
    return DeviceError(reason, f"{url} does not go on ({refused}): look at the terminal and its gateway.")

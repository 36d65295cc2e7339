"""The process that NFIQ 2 runs in: ``python -m biometric_service.quality.nfiq2.worker DESCRIPTOR``.

The descriptor is one end of a socket. A question is the length of a PNG file (u32, big-endian) and the file, a grey
image at 500 dpi; an answer is one line: ``score`` and the NFIQ 2 score, or ``fault`` and why there is none. The process
ends when the other side hangs up.
"""

import resource
import socket
import struct
import sys
from collections.abc import Callable

LENGTH = struct.Struct(">I")


def main() -> None:
    """Answer until the other side hangs up."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # no copy of anybody's finger on the disk
    score = _nfiq2()
    with socket.socket(fileno=int(sys.argv[1])) as line, line.makefile("rb") as questions:
        while len(start := questions.read(LENGTH.size)) == LENGTH.size:
            image = questions.read(LENGTH.unpack(start)[0])
            line.sendall(_answer(score, image))


def _answer(score: Callable[[bytes], float], image: bytes) -> bytes:
    try:
        return f"score {score(image)}\n".encode()
    except Exception as fault:  # noqa: BLE001  # whatever it is, the next image may do
        return f"fault {type(fault).__name__}\n".encode()


def _nfiq2() -> Callable[[bytes], float]:
    from nbis import NbisExtractorSettings, new_nbis_extractor  # noqa: PLC0415  # 40 MB that only this process loads

    settings = NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=True, ppi=500.0
    )
    extractor = new_nbis_extractor(settings)
    return lambda image: float(extractor.extract_minutiae(image).quality().score)


if __name__ == "__main__":
    main()

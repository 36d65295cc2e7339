import time

from benchmarks.fuzz.target import Target

taken: list[bytearray] = []


def exercise(data: bytes) -> None:
    if len(data) > 3:
        taken.append(bytearray(b"x" * 20_000_000))
        time.sleep(0.05)  # memory is looked at once a second


TARGET = Target(exercise, lambda: [b"ab"])

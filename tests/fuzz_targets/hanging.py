import time

from benchmarks.fuzz.target import Target


def exercise(data: bytes) -> None:
    if len(data) > 3:
        time.sleep(60)


TARGET = Target(exercise, lambda: [b"ab"])

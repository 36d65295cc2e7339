from benchmarks.fuzz.target import Target


def exercise(data: bytes) -> None:
    """Deep enough that only mutation that sees how far it got finds it."""
    if data[:1] == b"F" and data[1:2] == b"M" and data[2:3] == b"R":
        raise IndexError("as a careless reader would")


TARGET = Target(exercise, lambda: [b"abcd"])

"""A worker that sends each message in two pieces, half a second apart: ``main`` is what ``workers.worker`` runs."""

import os
import time

from device_drivers.speaking import Commands, say_fault

PAYLOAD = b"line\nof a picture\n" * 10


def main(arguments: list[str]) -> None:
    if arguments == ["fault"]:
        say_fault("busy", "Used elsewhere.")
        return
    commands = Commands()
    while True:
        try:
            asked = commands.read()
        except EOFError:
            return
        for words in asked:
            os.write(1, f"frame {len(PAYLOAD)} {words[0]}\n".encode() + PAYLOAD[:50])
            time.sleep(0.5)
            os.write(1, PAYLOAD[50:])

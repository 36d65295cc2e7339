"""A worker that sends the end of a message once the next is asked for: ``main`` is what ``workers.worker`` runs."""

import os

from device_drivers.speaking import Commands, say_fault

PAYLOAD = b"line\nof a picture\n" * 10


def main(arguments: list[str]) -> None:
    if arguments == ["fault"]:
        say_fault("busy", "Used elsewhere.")
        return
    commands, rest = Commands(), b""
    while True:
        try:
            asked = commands.read()
        except EOFError:
            return
        for words in asked:
            os.write(1, rest + f"frame {len(PAYLOAD)} {words[0]}\n".encode() + PAYLOAD[:50])
            rest = PAYLOAD[50:]

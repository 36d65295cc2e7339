"""Runs under the system's Python, whose PyGObject knows libfprint: one process a reader, with a GLib loop.

``main(["list"])`` says what readers there are; ``main([driver, number])`` opens the reader of that number (from 0)
among those of the driver ("" for any), and then does what it is told: ``capture N``, ``cancel N``.
"""

import os
import socket
import sys
from contextlib import suppress
from types import ModuleType
from typing import Any

from device_drivers.speaking import COMMANDS, Commands, say, say_fault

INSTALL = "apt install python3-gi gir1.2-fprint-2.0 libfprint-2-2"
FAULTS = {
    "BUSY": ("busy", "The reader is used by another program: end that first."),
    "REMOVED": ("unplugged", "The reader has gone: plug it in again."),
    "TOO_HOT": ("busy", "The reader is too hot: let it cool down."),
    "NOT_SUPPORTED": ("unsupported", "The reader gives no images: it compares on its own chip."),
}
USB_FAULTS = {
    4: FAULTS["REMOVED"],
    9: ("permission", "The reader may not be opened: install the udev rules of libfprint, or join the group plugdev."),
    10: FAULTS["BUSY"],
}
PERMISSION_DENIED, CANCELLED, NOT_FOUND = 14, 19, 1


def main(arguments: list[str]) -> None:
    """List readers, or serve one until standard input ends."""
    libraries = _libraries()
    if libraries is None:
        return
    fprint, glib, gio = libraries
    context = fprint.Context()  # kept: without it the USB library is closed under its readers
    readers = context.get_devices()
    if arguments == ["list"]:
        for reader in readers:
            say("reader", *_described(fprint, reader), payload=reader.get_name().encode())
        return
    chosen = _chosen(readers, arguments[0], int(arguments[1]))
    if chosen is not None:
        Server(fprint, glib, gio, chosen).serve()


class Server:
    """Does with one reader what it is told."""

    def __init__(self, fprint: ModuleType, glib: ModuleType, gio: ModuleType, reader: Any) -> None:  # noqa: ANN401 (GObject)
        self._fprint, self._glib, self._gio = fprint, glib, gio
        self._reader = reader
        self._loop = glib.MainLoop()
        self._commands = Commands()
        self._stop: Any = None  # the Gio.Cancellable of the capture that is under way
        self._number = self._wanted = 0

    def serve(self) -> None:
        """Open the reader, run until told to end, close it."""
        try:
            self._reader.open_sync()
        except self._glib.Error as fault:
            say_fault(*self._meaning(fault))
            return
        say("opened", *_described(self._fprint, self._reader), payload=self._reader.get_name().encode())
        self._reader.connect("notify::finger-status", self._finger_moved)
        self._reader.connect("removed", lambda _: self._end(*FAULTS["REMOVED"]))
        conditions = self._glib.IOCondition.IN | self._glib.IOCondition.HUP
        self._glib.io_add_watch(COMMANDS, conditions, self._told)
        self._loop.run()
        with suppress(self._glib.Error):
            self._reader.close_sync()
        os._exit(0)  # nothing is left to be done, and taking the libraries down takes as long as opening the reader

    def _told(self, *_: object) -> bool:
        try:
            for words in self._commands.read():
                self._do(words[0], int(words[1]))
        except EOFError:
            self._wanted = -1
            self._turn()
            return False
        return True

    def _do(self, command: str, number: int) -> None:
        if command == "capture":
            self._wanted = number
            self._turn()
        elif number == self._wanted:
            self._wanted = 0
        elif number == self._number and self._stop is not None:
            self._stop.cancel()

    def _turn(self) -> None:
        """Stop a capture that nobody wants, then begin the one that is wanted, or end."""
        if self._stop is not None:
            self._stop.cancel()
        elif self._wanted < 0:
            self._loop.quit()
        elif self._wanted:
            self._number, self._wanted, self._stop = self._wanted, 0, self._gio.Cancellable()
            self._reader.capture(True, self._stop, self._captured)  # noqa: FBT003 (waits for a finger)

    def _captured(self, reader: Any, result: object) -> None:  # noqa: ANN401 (GObject)
        self._stop = None
        try:
            image = reader.capture_finish(result)
            size = (image.get_width(), image.get_height())
            say("image", self._number, *size, payload=bytes(image.get_data()))
        except self._glib.Error as fault:
            self._failed(fault)
        self._turn()

    def _failed(self, fault: Any) -> None:  # noqa: ANN401 (GLib.Error)
        if fault.matches(self._gio.io_error_quark(), CANCELLED):
            return
        if fault.domain == self._glib.quark_to_string(self._fprint.DeviceRetry.quark()):
            say("retry", self._number, self._fprint.DeviceRetry(fault.code).value_nick)
        else:
            self._end(*self._meaning(fault))

    def _finger_moved(self, reader: Any, _: object) -> None:  # noqa: ANN401 (GObject)
        status = reader.get_finger_status()
        if status & self._fprint.FingerStatusFlags.PRESENT:
            say("finger", self._number, "present")
        elif status & self._fprint.FingerStatusFlags.NEEDED:
            say("finger", self._number, "needed")

    def _meaning(self, fault: Any) -> tuple[str, str]:  # noqa: ANN401 (GLib.Error)
        """The reason and what to do."""
        domain = fault.domain
        if domain == self._glib.quark_to_string(self._fprint.DeviceError.quark()):
            name = self._fprint.DeviceError(fault.code).value_name.removeprefix("FP_DEVICE_ERROR_")
            return FAULTS.get(name, ("protocol", f"The reader fails ({fault.message}): plug it in again."))
        if "usb" in domain and fault.code in USB_FAULTS:
            return USB_FAULTS[fault.code]
        if domain == "g-io-error-quark" and fault.code == PERMISSION_DENIED:
            return USB_FAULTS[9]
        return "protocol", f"The reader fails ({fault.message}): plug it in again."

    def _end(self, reason: str, what: str) -> None:
        say_fault(reason, what)
        self._wanted = -1


def _libraries() -> tuple[Any, Any, Any] | None:
    """FPrint, GLib and Gio, or None once it has been said what to install."""
    try:
        import gi  # noqa: PLC0415 (may be missing, which is said)

        gi.require_version("FPrint", "2.0")
        from gi.repository import FPrint, Gio, GLib  # noqa: PLC0415
    except (ImportError, ValueError) as missing:
        say_fault("unsupported", f"libfprint is not there for {sys.executable} ({missing}): {INSTALL}.")
        return None
    return FPrint, GLib, Gio


def _described(fprint: Any, reader: Any) -> tuple[str, str, str]:  # noqa: ANN401 (GObject)
    """Driver, id, and whether it gives images."""
    images = reader.has_feature(fprint.DeviceFeature.CAPTURE)
    return reader.get_driver(), reader.get_device_id() or "-", "images" if images else "no-images"


def _chosen(readers: list[Any], driver: str, number: int) -> Any | None:  # noqa: ANN401 (GObject)
    """The reader, held for this process alone; None once it has been said why not."""
    of_driver = [reader for reader in readers if driver in {"", reader.get_driver()}]
    if number >= len(of_driver):
        known = ", ".join(reader.get_driver() for reader in readers) or "none"
        say_fault("not_found", f"There is no such reader (there are: {known}): plug it in, or correct the URL.")
        return None
    try:
        _hold(f"{of_driver[number].get_driver()}/{number}")
    except OSError:
        say_fault(*FAULTS["BUSY"])
        return None
    return of_driver[number]


def _hold(name: str) -> None:
    """Take the reader's name, machine-wide, until this process ends; OSError where another has it."""
    held = socket.socket(socket.AF_UNIX)
    held.bind(f"\0device_drivers/libfprint/{name}")
    HELD.append(held)


HELD: list[socket.socket] = []

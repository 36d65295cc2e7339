"""USB traffic of real fingerprint readers, as recorded by libfprint's own developers; fetched, never kept here.

Debian's package ``libfprint-2-tests`` carries the recordings from its release "trixie" on. An older system reaches it
through a private copy of its own package sources with the release renamed: its own sources stay as they are.
"""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

RELEASE, PACKAGE = "trixie", "libfprint-2-tests"
INSIDE = Path("usr/share/installed-tests/libfprint-2")
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "biometric-service" / "recordings"
SOURCES = Path("/etc/apt")


@dataclass(frozen=True)
class Recording:
    """One capture: the USB device, what went over its wire, and the picture (``expected``) that came of it."""

    folder: Path

    @property
    def expected(self) -> Path:
        return self.folder / "capture.png"

    @property
    def replay(self) -> list[str]:
        """The command that the program to be tested follows."""
        described = self.folder / "device"
        wire = self.folder / "capture.pcapng"
        if wire.exists():
            syspath = described.read_text(encoding="utf-8").split("\n", 1)[0].removeprefix("P: ")
            return ["umockdev-run", "-d", str(described), "-p", f"/sys{syspath}={wire}", "--"]
        wire = self.folder / "capture.ioctl"
        node = wire.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0].removeprefix("@DEV ")
        return ["umockdev-run", "-d", str(described), "-i", f"{node}={wire}", "--"]


def recordings() -> Path:
    """The folder of all recordings, fetched once a machine."""
    folder = CACHE / RELEASE
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as beside:
            _fetch(Path(beside))
            (Path(beside) / "tree").rename(folder)
    return folder / INSIDE


def _fetch(into: Path) -> None:
    """Unpack the package into ``into/tree``."""
    for name in ("sources", "lists/partial", "cache/archives/partial", "tree"):
        (into / name).mkdir(parents=True)
    for given in (SOURCES / "sources.list", *SOURCES.glob("sources.list.d/*.list"), *SOURCES.glob("*.d/*.sources")):
        if given.exists():
            (into / "sources" / given.name).write_text(_renamed(given.read_text(encoding="utf-8")), encoding="utf-8")
    places = {"Etc::SourceList": "/dev/null", "Etc::SourceParts": "sources", "State::Lists": "lists", "Cache": "cache"}
    options = [f"-oDir::{name}={into / place}" for name, place in places.items()]
    options += ["-oAPT::Sandbox::User=root", "-oAcquire::Languages=none", "-qq"]
    subprocess.run(["apt-get", *options, "update"], check=True, cwd=into)
    subprocess.run(["apt-get", *options, "download", PACKAGE], check=True, cwd=into)
    [package] = into.glob(f"{PACKAGE}_*.deb")
    subprocess.run(["dpkg", "-x", str(package), str(into / "tree")], check=True)


def _renamed(sources: str) -> str:
    """The system's sources, with every Debian release older than that which carries the recordings renamed to it."""
    return re.sub(r"\b(bullseye|bookworm)\b", RELEASE, sources)


def apt_is_here() -> bool:
    return all(shutil.which(program) for program in ("apt-get", "dpkg", "umockdev-run"))

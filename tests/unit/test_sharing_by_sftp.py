"""Disclosures dropped on a real OpenSSH server: pinned, whole or not at all, and signed for by a file beside them."""

import getpass
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from benchmarks.free_port import free_port
from benchmarks.throughput.random_encounters import GALLERY, audit_event
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import ErrorCode
from biometric_service.interchange.sharing import disclosing
from biometric_service.interchange.sharing.delivering import deliver_next
from biometric_service.interchange.sharing.messages import receipt
from biometric_service.interchange.sharing.parts import Sharing
from biometric_service.outbound.gate import OutboundGate
from biometric_service.outbound.jwe import decrypted
from biometric_service.outbound.rules import OutboundRules
from biometric_service.outbound.sftp import SftpAddress, open_drop
from biometric_service.references.master_keys import KeyFromEnvironment
from biometric_service.references.opening import open_store
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.sharing import Channel, DisclosureState
from tests.sharing import CLERK, KEY, SIGNING, agreed, partner, person, sharing_of, terms
from tests.stores import refused

SSHD = "/usr/sbin/sshd"
ANA = SubjectId("ANA")


@dataclass(frozen=True)
class Server:
    """An sshd on a loopback port. ``key``: private key that it lets in; ``host_key``: its own, public."""

    port: int
    folder: Path
    key: str
    host_key: str

    @property
    def url(self) -> str:
        return f"sftp://127.0.0.1:{self.port}{self.folder}"

    def address(self, host_key: str | None = None) -> SftpAddress:
        return SftpAddress.of(self.url, getpass.getuser(), host_key or self.host_key)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("sshd")
    (folder / "drop").mkdir()
    for name in ("host", "own"):
        made = ("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
        subprocess.run(made, check=True)
    port = free_port()
    said = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host",
        "AuthorizedKeysFile": folder / "own.pub",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PasswordAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "Subsystem": "sftp internal-sftp",
    }
    (folder / "config").write_text("".join(f"{name} {value}\n" for name, value in said.items()), "utf-8")
    Path("/run/sshd").mkdir(exist_ok=True)
    process = subprocess.Popen([SSHD, "-D", "-e", "-f", folder / "config"], stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        host_key = " ".join((folder / "host.pub").read_text("utf-8").split(" ")[:2])
        yield Server(port, folder / "drop", (folder / "own").read_text("utf-8"), host_key)
    finally:
        process.terminate()
        process.wait(30)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("sshd did not start")


@pytest.fixture
def sharing(tmp_path: Path, server: Server) -> Iterator[Sharing]:
    opened = open_store(f"sqlite:///{tmp_path}/store.db", KeyFromEnvironment("17" * 32), ChainedLog)
    opened.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
    opened.store.enrol(person(1, ANA), audit_event(subject=ANA))
    (tmp_path / "police.key").write_text(server.key, "utf-8")
    yield sharing_of(opened, server.url, credentials=tmp_path)
    opened.close()


class _Police:
    signer = SIGNING


def test_a_disclosure_is_dropped_and_its_receipt_fetched(sharing: Sharing, server: Server) -> None:
    to = partner(channel=Channel.SFTP, address=server.url, user=getpass.getuser(), host_key=server.host_key)
    made = disclosing.disclose(sharing, agreed(sharing, terms(to)).id, ANA, CLERK)
    assert deliver_next(sharing)
    assert sharing.disclosures.disclosure(made.id).state is DisclosureState.SENT
    assert [each.name for each in server.folder.iterdir()] == [f"{made.id}.jwe"]
    sealed = (server.folder / f"{made.id}.jwe").read_text("ascii")
    assert b"Arana" in decrypted(KEY, sealed)
    assert "Arana" not in sealed

    police = replace(sharing, agency="police", disclosures=_Police())  # type: ignore[arg-type]
    (server.folder / f"{made.id}.receipt").write_text(receipt(police, made.id, made.digest), "utf-8")
    sharing.disclosures.sent(made.id, made.at, made.at)
    assert deliver_next(sharing)
    assert sharing.disclosures.disclosure(made.id).state is DisclosureState.ACKNOWLEDGED


def test_a_host_with_another_key_is_given_nothing(sharing: Sharing, server: Server, tmp_path: Path) -> None:
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other")), check=True)
    other = " ".join((tmp_path / "other.pub").read_text("utf-8").split(" ")[:2])
    before = sorted(server.folder.iterdir())
    to = partner(channel=Channel.SFTP, address=server.url, user=getpass.getuser(), host_key=other)
    made = disclosing.disclose(sharing, agreed(sharing, terms(to)).id, ANA, CLERK)
    assert deliver_next(sharing)
    kept = sharing.disclosures.disclosure(made.id)
    assert (kept.state, kept.note) == (DisclosureState.PENDING, "delivery_failed")
    assert sorted(server.folder.iterdir()) == before


def test_a_name_that_leads_into_a_network_that_is_not_listed_is_not_dropped_at(
    sharing: Sharing, server: Server
) -> None:
    listed = OutboundGate(OutboundRules([server.url.removesuffix(str(server.folder))], ()), 10, 1_000_000)
    to = partner(channel=Channel.SFTP, address=server.url, user=getpass.getuser(), host_key=server.host_key)
    made = disclosing.disclose(sharing, agreed(sharing, terms(to)).id, ANA, CLERK)
    assert deliver_next(replace(sharing, outbound=listed))
    assert sharing.disclosures.disclosure(made.id).note == ErrorCode.URL_REFUSED.value
    assert not (server.folder / f"{made.id}.jwe").exists()


def test_a_host_key_of_no_known_kind_is_a_failed_delivery(server: Server) -> None:
    refused(ErrorCode.DELIVERY_FAILED, lambda: open_drop(server.address("ssh-dss AAAA"), server.key).__enter__())


def test_a_file_is_there_whole_or_not_at_all(server: Server) -> None:
    with open_drop(server.address(), server.key) as drop:
        drop.put("one", b"first")
        drop.put("one", b"second")
        assert drop.get("one") == b"second"
        assert drop.get("none") is None
        assert not list(server.folder.glob(".*"))
        refused(ErrorCode.DELIVERY_FAILED, lambda: drop.put("no/such/folder", b"x"))

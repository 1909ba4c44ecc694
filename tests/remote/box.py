"""A box for tests: a real OpenSSH server on the loopback, and a cable to it that can be cut."""

from __future__ import annotations

import getpass
import os
import queue
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lossmon.logs.files import ANEW
from lossmon.logs.follower import Chunk
from lossmon.logs.openssh import Host
from lossmon.logs.ssh import Patience, SshSource
from tests.waiting import PATIENCE_S, descendants, wait_until

SSHD = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
HASTY = Patience(answer_s=PATIENCE_S, first_s=0.1, longest_s=0.3, lasted_s=0.0)


def why_not() -> str:
    """Why there can be no box here; empty where there can."""
    if SSHD is None:
        return "no sshd here; install openssh-server"
    return "" if shutil.which("ssh") else "no ssh here"


def free_port() -> int:
    """A port on which nobody listens, and that no connection of others gets meanwhile.

    Not one of those that the kernel gives to whoever connects: a server that is stopped and started
    again found its port taken by another test's connection, and a client that knocks at a closed
    port of these can be given that very one, and is connected with itself.
    """
    with suppress(OSError, ValueError):
        above = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
        for port in random.SystemRandom().sample(range(10_000, above), 50):
            with suppress(OSError), socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
                return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def key(path: Path) -> Path:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path], check=True
    )
    return path


class Box:
    """A server with keys and a configuration of its own, and what a client needs to reach it.

    Args:
        folder: for keys and settings, and for a home directory that is empty.
        settings: more lines of its sshd_config.
        login: a shell command that stands for the login shell; the command that ssh asked for is
            in $SSH_ORIGINAL_COMMAND.
        address: where it listens.
        prefix: a command that runs another one where the box is.
    """

    def __init__(
        self,
        folder: Path,
        settings: str = "",
        login: str = "",
        address: str = "127.0.0.1",
        prefix: str = "",
    ) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        self.port = free_port()
        self.address = address
        self._prefix = prefix.split()
        self._settings = settings + (f"\nForceCommand {login}" if login else "")
        self._process: subprocess.Popen[bytes] | None = None
        self.home = folder / "home"
        self.home.mkdir(exist_ok=True)
        self.user_key, self.host_key = key(folder / "user"), key(folder / "host")
        shutil.copy(folder / "user.pub", folder / "authorized")
        self.known = folder / "known_hosts"
        self.client = folder / "client"
        self.write_client()
        self.start()

    def write_client(self, port: int | None = None, more: str = "") -> None:
        """The client's configuration: the box is called `box`."""
        public = (self.folder / "host.pub").read_text().split()
        self.known.write_text(f"box {public[0]} {public[1]}\n")
        self.client.write_text(
            f"Host box\n  HostName {self.address}\n  Port {port or self.port}\n"
            f"  HostKeyAlias box\n  User {getpass.getuser()}\n  IdentityFile {self.user_key}\n"
            f"  IdentitiesOnly yes\n  UserKnownHostsFile {self.known}\n"
            f"  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking ask\n{more}"
        )

    def start(self) -> None:
        assert SSHD is not None
        if os.getuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)  # privilege separation asks for it
        (self.folder / "sshd_config").write_text(
            f"Port {self.port}\nListenAddress {self.address}\nHostKey {self.host_key}\n"
            f"AuthorizedKeysFile {self.folder}/authorized\nStrictModes no\nUsePAM no\n"
            f"PidFile none\nPasswordAuthentication no\n"
            f"KbdInteractiveAuthentication no\nPermitRootLogin yes\n{self._settings}\n"
            f"SetEnv HOME={self.home}\n"  # nothing of who runs the tests; the first SetEnv holds
        )
        with (self.folder / "sshd.log").open("ab") as words:
            self._process = subprocess.Popen(
                [*self._prefix, SSHD, "-D", "-e", "-f", self.folder / "sshd_config"],
                stderr=words,
                stdin=subprocess.DEVNULL,
            )
        wait_until(self._answers, why="sshd does not start")

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self.folder / "sshd.log").read_text()
        try:
            with socket.create_connection((self.address, self.port), 1) as probe:
                return probe.recv(4) == b"SSH-"
        except OSError:
            return False

    def stop(self) -> None:
        """Kill the server and every session that it serves."""
        if self._process is not None:
            for pid in [self._process.pid, *descendants(self._process.pid)]:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self._process.wait()
            self._process = None

    def sessions(self) -> list[int]:
        """Processes that serve sessions, or run for them."""
        return descendants(self._process.pid) if self._process else []

    def agents(self) -> list[int]:
        """Processes that run our agent on the box."""
        found = []
        for pid in self.sessions():
            try:
                words = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue
            if b"zlib.decompress" in words and not words.startswith((b"sh\0", b"bash\0", b"sshd")):
                found.append(pid)
        return found

    @property
    def host(self) -> Host:
        return Host("box", config_file=str(self.client))

    def source(self, *targets: object, watch: bool = True, patience: Patience = HASTY) -> SshSource:
        return SshSource(self.host, [str(t) for t in targets], watch=watch, patience=patience)


class Cable:
    """A TCP proxy in front of a box that can be cut, also in the middle of a frame.

    Args:
        port: of the box.
        delay_s: that every byte takes, each way.
        rate: bytes a second, each way; 0 for all there is.

    Attributes:
        carried: bytes from the box to the client so far; and `sent` the other way.
    """

    def __init__(self, port: int, delay_s: float = 0.0, rate: float = 0.0) -> None:
        self._to = port
        self._delay_s, self._rate = delay_s, rate
        self.carried = self.sent = 0
        self._cut_after: int | None = None
        self._silent = threading.Event()
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def cut(self) -> None:
        """Both ends see the connection reset."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def cut_after(self, n: int) -> None:
        """Cut once so many more bytes have come from the box."""
        self._cut_after = self.carried + n

    def fall_silent(self) -> None:
        """Carry nothing any more and tell nobody, as a dead network does."""
        self._silent.set()

    def heal(self) -> None:
        self._silent.clear()

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _serve(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                if self._listener.fileno() < 0:
                    return
                near.close()
                continue
            self._pairs.append((near, far))
            threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        up = threading.Thread(target=self._pump, args=(near, far, False), daemon=True)
        with near, far:
            up.start()
            self._pump(far, near, True)
            up.join()

    def _slowly(self, source: socket.socket) -> Iterator[bytes]:
        """What comes, each piece as late as the cable makes it; a bounded part is under way."""
        if not self._delay_s and not self._rate:
            while data := source.recv(1 << 16):
                yield data
            return
        under_way: queue.Queue[tuple[float, bytes]] = queue.Queue(maxsize=128)

        def take() -> None:
            free = 0.0
            data = b"."
            while data:
                try:
                    data = source.recv(2048)
                except OSError:
                    data = b""
                free = max(free, time.monotonic()) + (len(data) / self._rate if self._rate else 0.0)
                under_way.put((free + self._delay_s, data))

        threading.Thread(target=take, daemon=True).start()
        while True:
            due, data = under_way.get()
            if not data:
                return
            time.sleep(max(0.0, due - time.monotonic()))
            yield data

    def _pump(self, source: socket.socket, sink: socket.socket, down: bool) -> None:
        try:
            for data in self._slowly(source):
                while self._silent.is_set():
                    time.sleep(0.05)
                if down and self._cut_after is not None:
                    data = data[: max(0, self._cut_after - self.carried)]
                sink.sendall(data)
                if down:
                    self.carried += len(data)
                else:
                    self.sent += len(data)
                if down and self._cut_after is not None and self.carried >= self._cut_after:
                    self._cut_after = None
                    self.cut()
                    return
        except OSError:
            pass
        finally:
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass


class Collector:
    """What a source hands out, put together per log as the monitor would."""

    def __init__(self, source: SshSource) -> None:
        self.source = source
        self.content: dict[str, bytearray] = {}
        self.chunks: list[Chunk] = []

    def poll(self) -> None:
        for chunk in self.source.poll():
            self.chunks.append(chunk._replace(data=b""))
            if chunk.kind in ANEW:
                self.content[chunk.log] = bytearray()
            elif chunk.kind == "data":
                known = self.content.setdefault(chunk.log, bytearray())
                assert chunk.offset == len(known), "a byte was lost or doubled"
                known += chunk.data

    def until(self, true: Callable[[], object], timeout_s: float = PATIENCE_S) -> None:
        def look() -> object:
            self.poll()
            return true()

        try:
            wait_until(look, timeout_s=timeout_s)
        except AssertionError as error:
            told = f"{error}: {self.source.health()} {list(self.content)}"
            raise AssertionError(told) from None

    def until_settled(self) -> None:
        self.until(lambda: self.source.health().state == "live" and not self.source.pending())


needs_sshd = pytest.mark.skipif(bool(why_not()), reason=why_not() or "there is one")

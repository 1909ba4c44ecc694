"""Real runtimes of containers, all of whose files are in a test's folder."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import tarfile
import time
from pathlib import Path

from tests.waiting import PATIENCE_S

BUSYBOX = "/bin/busybox"
_LIMITS = ("--ulimit", "nofile=1024:1024", "--network", "none")


def why_not(*programs: str) -> str:
    """Why there can be no runtime here; empty where there can."""
    if os.getuid() != 0:
        return "containers are run as root alone"
    for program in programs:
        if shutil.which(program) is None:
            return f"no {program} here"
    if not os.path.exists(BUSYBOX) or b"/ld-linux" in Path(BUSYBOX).read_bytes()[:4096]:
        return "no static busybox here"
    return ""


def root(folder: Path) -> Path:
    """A root file system with a shell and small tools."""
    bin = folder / "root" / "bin"
    bin.mkdir(parents=True)
    shutil.copy(BUSYBOX, bin / "busybox")
    for name in ("sh", "usleep", "printf", "head", "tr"):
        (bin / name).symlink_to("busybox")
    return bin.parent


class Runtime:
    """A client with its own store."""

    client = ""
    image: tuple[str, ...] = ()

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.gates = folder / "gates"  # files for which a script waits, seen from inside as /gates
        self.gates.mkdir()
        self.env = {**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}"}

    def do(self, *arguments: str) -> str:
        """Run the client; what it prints."""
        done = subprocess.run(
            [self.client, *arguments], env=self.env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def run(self, name: str, script: str) -> None:
        """Start a container that runs a script of sh."""
        options = ["--detach", "--name", name, "--volume", f"{self.gates}:/gates", *_LIMITS]
        self.do("run", *options, *self.image, "/bin/sh", "-c", script)

    def close(self) -> None:
        """Nothing of it runs on."""


class Docker(Runtime):
    """A daemon of its own."""

    client = "docker"
    image = ("boxy",)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.socket = folder / "docker.sock"
        self.env["DOCKER_HOST"] = f"unix://{self.socket}"
        self.daemon: subprocess.Popen[bytes] | None = None
        self.start()
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            tar.add(root(folder), arcname=".")
        subprocess.run(
            ["docker", "import", "-", "boxy"], input=packed.getvalue(), env=self.env, check=True,
            capture_output=True,
        )  # fmt: skip

    def start(self) -> None:
        """Start the daemon; returns once it answers."""
        with open(self.folder / "log", "ab") as log:
            self.daemon = subprocess.Popen(
                ["dockerd", "--data-root", self.folder / "data", "--exec-root", self.folder / "x",
                 "--pidfile", self.folder / "pid", "--host", self.env["DOCKER_HOST"],
                 "--bridge", "none", "--iptables=false", "--ip6tables=false", "--ip-masq=false",
                 "--storage-driver", "vfs"],
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        end = time.monotonic() + PATIENCE_S
        ask = ["docker", "version"]
        while subprocess.run(ask, env=self.env, capture_output=True, check=False).returncode:
            if self.daemon.poll() is not None or time.monotonic() > end:
                raise RuntimeError((self.folder / "log").read_text()[-500:])
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop the daemon, and with it its containers."""
        assert self.daemon is not None
        self.daemon.send_signal(signal.SIGTERM)
        self.daemon.wait(PATIENCE_S)

    def close(self) -> None:
        """End all."""
        names = self.do("ps", "--all", "--quiet").split()
        if names:
            self.do("rm", "--force", *names)
        self.stop()


class Podman(Runtime):
    """No daemon; a wrapper gives the client its own store."""

    client = "podman"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.image = ("--ulimit", "nproc=1000:1000", "--rootfs", str(root(folder)))
        (folder / "bin").mkdir()
        wrapper = folder / "bin" / "podman"
        wrapper.write_text(
            f"#!/bin/sh\nexec {shutil.which('podman')} --root {folder}/store --runroot {folder}/run"
            f" --tmpdir {folder}/tmp --storage-driver vfs --runtime runc"
            ' --cgroup-manager cgroupfs --events-backend file "$@"\n'
        )
        wrapper.chmod(0o755)

    def close(self) -> None:
        """End all."""
        self.do("rm", "--force", "--all", "--time", "0")

"""Real servers on the loopback that hold logs: S3, the web with and without pieces, sftp."""

from __future__ import annotations

import asyncio
import functools
import http.server
import logging
import os
import threading
import time
import urllib.request
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from lossmon.logs.background import Patience
from lossmon.logs.far.files import FarFiles
from lossmon.logs.far.source import FarSource, Manners
from lossmon.logs.far.stores import StoreFiles
from lossmon.logs.far.stores import meaning as of_store
from lossmon.logs.far.web import WebFiles
from lossmon.logs.far.web import meaning as of_web
from lossmon.logs.hosts import prefix_of
from lossmon.logs.scheme import Order
from lossmon.logs.target import parse
from tests.remote.box import Box, free_port
from tests.waiting import PATIENCE_S

OFTEN = Manners(every_s=0.02, an_hour=10**9)
HASTY = Patience(first_s=0.05, longest_s=0.2, lasted_s=0.0)


class Place(ABC):
    """A folder of logs behind a server that can be stopped and started."""

    address: str  # of the folder that holds `runs`

    @abstractmethod
    def put(self, name: str, data: bytes) -> None:
        """Write a file whole, or let it grow to this."""

    @abstractmethod
    def remove(self, name: str) -> None: ...

    @abstractmethod
    def start(self) -> None: ...

    @abstractmethod
    def stop(self) -> None: ...

    def files(self, heading: str) -> FarFiles:
        protocol, _, authority = heading.rstrip("/").partition("://")
        return StoreFiles(protocol, authority)

    meaning = staticmethod(of_store)

    def source(self, *names: str, watch: bool = True, only: tuple[str, ...] | None = None) -> Any:
        """A source that looks often."""
        targets = tuple(parse(self.address + name) for name in names)
        assert targets[0] is not None
        prefix = prefix_of(targets[0])
        order = Order(targets, watch, None, prefix, only)
        return FarSource(order, self.files(prefix), OFTEN, self.meaning, HASTY)


def tell(what: str, data: bytes = b"") -> None:
    """Tell moto something of itself."""
    url = f"{os.environ['AWS_ENDPOINT_URL']}/moto-api/{what}"
    kind = {"Content-Type": "text/plain"}
    urllib.request.urlopen(urllib.request.Request(url, data, kind, method="POST")).close()


class Bucket(Place):
    """S3, as moto serves it over HTTP; what is in it outlives the server."""

    def __init__(self) -> None:
        import boto3

        self._port = free_port()
        url = f"http://127.0.0.1:{self._port}"
        os.environ.update(
            AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_ENDPOINT_URL=url,
            AWS_DEFAULT_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true",
        )  # fmt: skip
        self.start()
        self.client = boto3.client("s3", endpoint_url=url)
        tell("reset")
        self.client.create_bucket(Bucket="bucket")
        self.address = "s3://bucket/"

    def put(self, name: str, data: bytes) -> None:
        self.client.put_object(Bucket="bucket", Key=name, Body=data)

    def remove(self, name: str) -> None:
        self.client.delete_object(Bucket="bucket", Key=name)

    def start(self) -> None:
        from moto.server import ThreadedMotoServer

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = ThreadedMotoServer("127.0.0.1", self._port, verbose=False)
        self._server.start()

    def stop(self) -> None:
        self._server.stop()


class _Folder(Place):
    """Files of this machine behind a server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "served"
        self.folder.mkdir()
        self._second = int(time.time())

    def put(self, name: str, data: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        old = path.read_bytes() if path.exists() else b""
        if old and data.startswith(old):
            with path.open("ab") as file:
                file.write(data[len(old) :])
        else:
            path.with_name(".new").write_bytes(data)
            self._second += 2  # these servers tell whole seconds
            os.utime(path.with_name(".new"), (self._second, self._second))
            path.with_name(".new").rename(path)

    def remove(self, name: str) -> None:
        (self.folder / name).unlink()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


class Plain(_Folder):
    """`python -m http.server`: index pages, no pieces."""

    meaning = staticmethod(of_web)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._port = free_port()
        self.address = f"http://127.0.0.1:{self._port}/"
        self.start()

    def files(self, heading: str) -> FarFiles:
        return WebFiles(heading)

    def start(self) -> None:
        handler = functools.partial(_Quiet, directory=str(self.folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self._port), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Pieces(_Folder):
    """aiohttp's server of files: pieces, etags, an index page."""

    meaning = staticmethod(of_web)

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._port = free_port()
        self.address = f"http://127.0.0.1:{self._port}/"
        self.asked: list[tuple[str, str, str]] = []  # method, path, range
        self.broken = ""  # a path for which the server has an error of its own
        self.start()

    def files(self, heading: str) -> FarFiles:
        return WebFiles(heading)

    def start(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve)
        self._ready = threading.Event()
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)

    def _serve(self) -> None:
        from aiohttp import web

        @web.middleware
        async def note(request: Any, handler: Any) -> Any:
            self.asked.append((request.method, request.path, request.headers.get("Range", "")))
            if self.broken and request.method == "GET" and request.path.endswith(self.broken):
                raise web.HTTPInternalServerError
            return await handler(request)

        async def up() -> Any:
            app = web.Application(middlewares=[note])
            app.router.add_static("/", self.folder, show_index=True)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", self._port, reuse_address=True).start()
            return runner

        runner = self._loop.run_until_complete(up())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


class Sftp(_Folder):
    """The real sshd; whose key is known is what the home directory says."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.box = Box(folder / "box", settings="Subsystem sftp internal-sftp")
        ssh = folder / "home" / ".ssh"
        ssh.mkdir(parents=True)
        os.environ["HOME"] = str(ssh.parent)
        (ssh / "id_ed25519").write_bytes(self.box.user_key.read_bytes())
        (ssh / "id_ed25519").chmod(0o600)
        public = " ".join((self.box.folder / "host.pub").read_text().split()[:2])
        self.known = ssh / "known_hosts"
        self.known.write_text(f"[127.0.0.1]:{self.box.port} {public}\n")
        self.address = f"sftp://127.0.0.1:{self.box.port}{self.folder}/"

    def start(self) -> None:
        self.box.start()

    def stop(self) -> None:
        self.box.stop()


__all__ = ["Bucket", "Pieces", "Place", "Plain", "Sftp"]

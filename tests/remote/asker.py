"""A second ssh server, in this process: it asks for passwords and codes, and can lie."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import PATIENCE_S

asyncssh: Any = pytest.importorskip("asyncssh")

Handler = Callable[[Any], Awaitable[None]]


class _Door(asyncssh.SSHServer):  # type: ignore[misc]
    """Lets in who knows the password, and the code where there is one."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    def connection_made(self, conn: Any) -> None:
        self._asker.connections.append(conn)

    def begin_auth(self, username: str) -> bool:
        return bool(self._asker.password)

    def password_auth_supported(self) -> bool:
        return not self._asker.code

    def validate_password(self, username: str, password: str) -> bool:
        return password == self._asker.password

    def kbdint_auth_supported(self) -> bool:
        return bool(self._asker.code)

    def get_kbdint_challenge(self, username: str, lang: str, submethods: str) -> Any:
        return "", "", "", [("Password: ", False), ("Code: ", True)]

    def validate_kbdint_response(self, username: str, responses: Any) -> bool:
        return list(responses) == [self._asker.password, self._asker.code]


async def obey(process: Any) -> None:
    """Run what is asked for, as a login shell would."""
    child = await asyncio.create_subprocess_exec(
        "/bin/sh", "-c", process.command,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip

    async def inward() -> None:
        assert child.stdin is not None
        try:
            while data := await process.stdin.read(1 << 16):
                child.stdin.write(data)
                await child.stdin.drain()
        except (OSError, asyncssh.Error):
            pass
        child.stdin.close()

    async def outward(source: Any, sink: Any) -> None:
        try:
            while data := await source.read(1 << 16):
                sink.write(data)
                await sink.drain()
        except (OSError, asyncssh.Error):
            pass

    feeding = asyncio.ensure_future(inward())
    await asyncio.gather(
        outward(child.stdout, process.stdout), outward(child.stderr, process.stderr)
    )
    feeding.cancel()
    process.exit(await child.wait())


class Asker:
    """The server.

    Args:
        folder: for its key and the client's settings.
        password: asked for; empty lets everybody in.
        code: a second factor, asked for with the password.
        handler: serves a session.
    """

    def __init__(
        self, folder: Path, password: str = "", code: str = "", handler: Handler = obey
    ) -> None:
        self.password, self.code = password, code
        self.connections: list[Any] = []
        self._handler = handler
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self.do(self._listen())
        self.port = self._server.sockets[0].getsockname()[1]
        self.known = folder / "known_hosts"
        public = self._key.export_public_key().decode().split()
        self.known.write_text(f"asker {public[0]} {public[1]}\n")
        self.client = folder / "client"
        self.client.write_text(
            f"Host asker\n  HostName 127.0.0.1\n  Port {self.port}\n  HostKeyAlias asker\n"
            f"  User me\n  UserKnownHostsFile {self.known}\n  GlobalKnownHostsFile /dev/null\n"
            "  PubkeyAuthentication no\n  StrictHostKeyChecking ask\n  UpdateHostKeys no\n"
        )

    async def _listen(self) -> Any:
        return await asyncssh.create_server(
            lambda: _Door(self), "127.0.0.1", 0, server_host_keys=[self._key],
            process_factory=self._handler, encoding=None,
        )  # fmt: skip

    def do(self, what: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(PATIENCE_S)

    def hang_up(self) -> None:
        """Close every connection, also one that is shared."""
        for conn in self.connections:
            self._loop.call_soon_threadsafe(conn.abort)
        self.connections.clear()

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            for conn in self.connections:
                conn.abort()
            await asyncio.sleep(0.1)
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)

        self.do(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_S)
        self._loop.close()

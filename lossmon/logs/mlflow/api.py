"""The REST API of a tracking server: what is asked, with whose credentials, what failures mean."""

from __future__ import annotations

import base64
import json
import os
import ssl
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

from lossmon.logs.source import Failure
from lossmon.text import printable
from lossmon.words import said

TIMEOUT_S = 20.0
MOST_BYTES = 64 << 20  # of an answer
_START = "/api/2.0/mlflow/"


class RefusedError(Exception):
    """The server gives nothing: `failure` says why; `missing` where it is there and has no such."""

    def __init__(self, failure: Failure, missing: bool = False) -> None:
        super().__init__(failure.reason)
        self.failure = failure
        self.missing = missing


class Api:
    """One connection to a server, kept open between requests.

    Args:
        address: "http://host:5000".
        env: where MLflow's own variables are looked for: MLFLOW_TRACKING_TOKEN,
            MLFLOW_TRACKING_USERNAME and _PASSWORD, MLFLOW_TRACKING_INSECURE_TLS,
            MLFLOW_TRACKING_SERVER_CERT_PATH.
    """

    def __init__(self, address: str, env: Mapping[str, str] = os.environ) -> None:
        parts = urlsplit(address)
        self._host = parts.netloc
        self._connection: HTTPConnection
        if parts.scheme == "https":
            self._connection = HTTPSConnection(
                self._host, timeout=TIMEOUT_S, context=_context(env, self._host)
            )
        else:
            self._connection = HTTPConnection(self._host, timeout=TIMEOUT_S)
        self._headers = {"Accept": "application/json", **_credentials(env)}
        self.calls = 0

    def get(self, path: str, **query: str | int) -> dict[str, Any]:
        """Ask.

        Raises:
            RefusedError: it is not to be had.
        """
        return self._ask("GET", f"{_START}{path}?{urlencode(query)}")

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Ask what takes a body; nothing is changed by it."""
        return self._ask("POST", _START + path, json.dumps(body).encode())

    def close(self) -> None:
        """End the connection, also while it waits."""
        sock = self._connection.sock
        if sock is not None:
            try:
                sock.shutdown(2)
            except OSError:
                pass
        self._connection.close()

    def _ask(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        headers = dict(self._headers)
        if body is not None:
            headers["Content-Type"] = "application/json"
        self.calls += 1
        for again in (True, False):
            kept = self._connection.sock is not None
            try:
                self._connection.request(method, path, body, headers)
                response = self._connection.getresponse()
                answer = response.read(MOST_BYTES + 1)
            except (OSError, HTTPException) as error:
                self._connection.close()
                if again and kept and not isinstance(error, TimeoutError):
                    continue  # a server ends a connection that was idle
                raise RefusedError(self._lost(error)) from None
            break
        if len(answer) > MOST_BYTES:
            self._connection.close()
            raise RefusedError(Failure("gone", said("an answer of more than 64 MB")))
        return self._read(response.status, response.getheader("Location", "") or "", answer)

    def _lost(self, error: Exception) -> Failure:
        if isinstance(error, ssl.SSLCertVerificationError):
            return Failure(
                "gone",
                said(
                    "its certificate is not trusted ({why}); "
                    "name yours in MLFLOW_TRACKING_SERVER_CERT_PATH",
                    why=printable(error.verify_message)[:100],
                ),
            )
        if isinstance(error, TimeoutError):
            return Failure("retrying", said("no answer within {seconds:.0f} s", seconds=TIMEOUT_S))
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        why = printable(reason)[:100]
        return Failure("retrying", said("no MLflow server answers there ({why})", why=why))

    def _read(self, status: int, location: str, answer: bytes) -> dict[str, Any]:
        try:
            told = json.loads(answer)
        except (ValueError, RecursionError):
            told = None
        told = told if isinstance(told, dict) else None
        if status == 200 and told is not None:
            return told
        words = printable(
            str((told or {}).get("message") or answer[:200].decode("utf-8", "replace"))
        )
        words = words.strip()[:150]
        if status == 404 and told is not None:
            raise RefusedError(Failure("retrying", words), missing=True)
        if status == 401:
            raise RefusedError(
                Failure(
                    "gone",
                    said(
                        "it wants you to log in: set MLFLOW_TRACKING_USERNAME and "
                        "MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN"
                    ),
                )
            )
        if status == 403:
            raise RefusedError(Failure("gone", said("you may not read there ({line})", line=words)))
        if 300 <= status < 400:
            raise RefusedError(
                Failure(
                    "gone", said("it sends to {place}; name that", place=printable(location)[:150])
                )
            )
        if status == 429 or status >= 500:
            trouble = said("the server has trouble ({status}: {words})", status=status, words=words)
            raise RefusedError(Failure("retrying", trouble))
        other = said("what answers there is no MLflow server ({status})", status=status)
        raise RefusedError(Failure("gone", other))


def _credentials(env: Mapping[str, str]) -> dict[str, str]:
    """The header that MLflow's own client would send."""
    user, password = env.get("MLFLOW_TRACKING_USERNAME"), env.get("MLFLOW_TRACKING_PASSWORD")
    if user and password:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    token = env.get("MLFLOW_TRACKING_TOKEN", "")
    if token and "\n" not in token and "\r" not in token:
        return {"Authorization": f"Bearer {token}"}
    return {}


def _context(env: Mapping[str, str], host: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(
            cafile=env.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or None
        )
    except OSError as error:
        why = f"MLFLOW_TRACKING_SERVER_CERT_PATH: {error.strerror}"
        raise RefusedError(Failure("gone", why)) from None
    del host
    if env.get("MLFLOW_TRACKING_INSECURE_TLS", "").lower() in ("true", "1"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context

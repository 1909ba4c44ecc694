"""Object stores and other file systems, by what fsspec has installed for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec

from lossmon.errors import TargetError
from lossmon.logs.scheme import Order, Scheme, Target
from lossmon.logs.source import Source
from lossmon.words import said

# Protocol -> the package that reads it, as it is imported and as it is installed.
_PACKAGES = {
    "s3": ("s3fs", "'lossmon[stores]'"),
    "s3a": ("s3fs", "'lossmon[stores]'"),
    "gs": ("gcsfs", "gcsfs"),
    "gcs": ("gcsfs", "gcsfs"),
    "az": ("adlfs", "adlfs"),
    "abfs": ("adlfs", "adlfs"),
    "abfss": ("adlfs", "adlfs"),
    "hf": ("huggingface_hub", "huggingface_hub"),
    "sftp": ("paramiko", "paramiko"),
    "memory": ("fsspec", "fsspec"),
}
_WITH_FOLDERS = ("hf", "sftp", "memory")
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://([^/\s]{1,255})(?:/(.*))?", re.DOTALL)


def address(text: str) -> tuple[str, str, str]:
    """Protocol, authority and path of an address.

    Raises:
        TargetError: it is none, or holds a secret.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None or "\0" in text or "::" in text:
        raise TargetError(
            said("{text}: not an address; write {form}", text=text, form="s3://bucket/folder")
        )
    protocol, authority, path = found[1], found[2], found[3] or ""
    if ":" in authority.rpartition("@")[0]:
        raise TargetError(
            said(
                "{protocol}://: no password in an address; it belongs in the configuration of what "
                "is asked (~/.netrc, ~/.aws, an ssh agent)",
                protocol=protocol,
            )
        )
    return protocol, authority, path


def _parse(text: str) -> Target:
    protocol, authority, path = address(text)
    path = path.rstrip("/")
    if protocol in _WITH_FOLDERS:  # elsewhere `a//b` and `a/b` are two names
        path = "/".join(part for part in path.split("/") if part not in ("", "."))
    return Target("stores", path, heading=f"{protocol}://{authority}/")


def _check(target: Target) -> None:
    protocol = target.heading.partition("://")[0]
    module, package = _PACKAGES[protocol]
    for needed in ("fsspec", module):
        if find_spec(needed) is None:
            raise TargetError(
                said(
                    "{text}: to read this, {needed} is needed; pip install {package}",
                    text=target.heading + target.path,
                    needed=needed,
                    package=package if module == needed else "'lossmon[stores]'",
                )
            )


def _open(order: Order) -> Source:
    from lossmon.logs.far.source import FarSource
    from lossmon.logs.far.stores import MANNERS, StoreFiles, meaning

    return FarSource(order, StoreFiles(*_parts(order.prefix)), MANNERS, meaning)


def _batches(target: Target, most: int) -> Iterator[list[str]]:
    from lossmon.logs.far.source import batches
    from lossmon.logs.far.stores import StoreFiles, meaning

    try:
        for logs in batches(StoreFiles(*_parts(target.heading)), target.path, most):
            yield [target.heading + log for log in logs]
    except TargetError:
        raise
    except Exception as error:
        place = target.heading + target.path
        raise TargetError(
            said("{text}: {error}", text=place, error=meaning(error).reason)
        ) from None


def _parts(heading: str) -> tuple[str, str]:
    protocol, _, authority = heading.rstrip("/").partition("://")
    return protocol, authority


SCHEME = Scheme(
    name="stores",
    open=_open,
    prefixes=tuple(f"{protocol}://" for protocol in _PACKAGES),
    parse=_parse,
    check=_check,
    batches=_batches,
    extra="stores",
    writes="`s3://BUCKET/PATH`, `gs://`, `az://`, `hf://`, `sftp://HOST/PATH`",
    sees="new rows after 5 s, each object that grew from where it was read; settings beside logs",
    misses="stores in SQLite, GPUs; a bucket of 1,000 objects and more is listed less often",
)

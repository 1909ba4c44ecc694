"""What a kind of place declares, so that targets lead to it: `docker:train`, `s3://bucket/runs`.

One small file in `schemes/` a kind, or the entry point `lossmon.sources` of another package; see
`lossmon.logs.schemes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from lossmon.logs.openssh import Host
    from lossmon.logs.source import Source


@dataclass(frozen=True)
class Target:
    """Where logs are to be looked for.

    Attributes:
        kind: name of the scheme.
        path: what the source is asked for: a file, directory or glob; as typed.
        host: the box it is on or behind, as the user's ssh configuration knows it.
        user: the user there, where given.
        port: its port, where given.
        heading: what stands before the path, behind the box: "docker:", "s3://bucket/". Targets
            of one heading are read by one source.
    """

    kind: str
    path: str
    host: str = ""
    user: str = ""
    port: int | None = None
    heading: str = ""


@dataclass(frozen=True)
class Order:
    """What a source is opened for.

    Attributes:
        targets: of one scheme, box and heading.
        watch: whether it is to go on; else it is enough to read once.
        box: what they are behind; None for this machine.
        prefix: what stands before the names of its logs: box and heading.
        only: of all logs, read only these; None for all.
    """

    targets: tuple[Target, ...]
    watch: bool
    box: Host | None = None
    prefix: str = ""
    only: tuple[str, ...] | None = None

    @property
    def paths(self) -> list[str]:
        """Of the targets, each once."""
        return list(dict.fromkeys(target.path for target in self.targets))

    @property
    def name(self) -> str:
        """What the source is called: "gpu1", "docker", "gpu1:docker", "s3://bucket"."""
        return self.prefix.rstrip(":/")


def _no_check(target: Target) -> None:
    """Nothing can be said of it before it is opened."""


@dataclass(frozen=True)
class Scheme:
    """A kind of place that logs are read from.

    Attributes:
        name: in the singular, such as "docker"; the kind of its targets.
        open: makes the source. What it needs is imported in it, not before.
        prefixes: what its targets begin with: "docker:", "s3://".
        parse: a target of these, without its box; None where it is none after all and may be a
            box of that name; raises TargetError. Where left out, the prefix is the heading and what
            follows the path. A `~` in it is as typed: no shell expands that of "zip:~/runs.zip".
        check: raises TargetError, with what would work, where it cannot be read; quickly.
        batches: the logs of a target, about so many at a time, as they are listed: for a place that
            may hold more than fit; raises TargetError. None where a walk tells them all.
        behind: who reads it behind a box (`gpu1:docker:train`): a client that is run there over
            ssh, our agent, or nobody.
        needs: packages, as they are imported.
        extra: of lossmon, that brings them.
        writes: how a target is written, for people.
        sees: what it shows, in a few words.
        misses: what it cannot show.
    """

    name: str
    open: Callable[[Order], Source]
    prefixes: tuple[str, ...] = ()
    parse: Callable[[str], Target | None] | None = None
    check: Callable[[Target], None] = _no_check
    batches: Callable[[Target, int], Iterator[list[str]]] | None = None
    behind: Literal["", "client", "agent"] = ""
    needs: tuple[str, ...] = ()
    extra: str = ""
    writes: str = ""
    sees: str = ""
    misses: str = ""

    def takes(self, text: str) -> bool:
        """Whether a target is of this kind, by how it begins."""
        return text.startswith(self.prefixes)

    def target(self, text: str) -> Target | None:
        """A target that begins as its own do; None where it is none.

        Raises:
            TargetError: it is wrong.
        """
        if self.parse is not None:
            return self.parse(text)
        prefix = max(filter(text.startswith, self.prefixes), key=len)
        return Target(self.name, text[len(prefix) :], heading=prefix)

    def lacks(self) -> Sequence[str]:
        """Packages that it needs and that are not installed."""
        from importlib.util import find_spec

        return [package for package in self.needs if find_spec(package) is None]

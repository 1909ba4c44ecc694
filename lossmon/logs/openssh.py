"""The user's own OpenSSH client: how it is called, what it says when it fails, what it may ask.

Everything in the user's ssh configuration holds: aliases, ProxyJump, agents, hardware keys,
ControlMaster. Nothing of the user's environment is forwarded, and host keys are checked as the
user set it up: no option here turns that off.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import re
import stat
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lossmon.errors import ConfigError, TargetError
from lossmon.logs.program import Program
from lossmon.logs.source import Failure, HostState
from lossmon.text import printable
from lossmon.words import Said, known, said

UNREACHED = 255  # exit status of an ssh that could not connect
_TELLS_S = 10.0  # of the configuration
PERSIST_S = 60  # a connection that was asked for outlives its last use by so much

_PRIVATE = (
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "LogLevel=INFO",  # what went wrong is read from its messages
)
# Settings of a user that make sense for a shell and not for a pipe -> what is passed against them.
_NOT_FOR_A_PIPE = {
    "remotecommand": ("none", "RemoteCommand=none"),
    "sessiontype": ("default", "SessionType=default"),
    "stdinnull": ("no", "StdinNull=no"),
    "forkafterauthentication": ("no", "ForkAfterAuthentication=no"),
}
_LINE = 200  # characters of what a program said
_OPTION = re.compile(r"[A-Za-z][A-Za-z0-9]*[= ]\S[^\r\n\0]*")
_REFUSED = {
    "stricthostkeychecking": "host keys are always checked",
    "userknownhostsfile": "host keys are always checked",
    "globalknownhostsfile": "host keys are always checked",
    "batchmode": "lossmon asks on the terminal itself",
    "localcommand": "nothing is run here",
    "permitlocalcommand": "nothing is run here",
    "remotecommand": "nothing else is run there",
    "sendenv": "nothing of the environment is sent",
    "setenv": "nothing of the environment is sent",
}


@dataclass(frozen=True)
class Host:
    """A box, as ssh is to be told of it.

    Attributes:
        address: name or alias; what the user's ssh configuration makes of it holds.
        user: the user there; empty for what ssh chooses.
        port: its port; None for what ssh chooses.
        options: as for `ssh -o`, checked by `check_option`.
        config_file: as for `ssh -F`; empty for the user's own.
        label: what it is called on the screen; derived where empty.
    """

    address: str
    user: str = ""
    port: int | None = None
    options: tuple[str, ...] = ()
    config_file: str = ""
    label: str = ""

    @property
    def name(self) -> str:
        """What it is called in targets and on the screen: `gpu1`, `me@gpu1`."""
        if self.label:
            return self.label
        named = f"{self.user}@{self.address}" if self.user else self.address
        return f"{named}:{self.port}" if self.port else named


def check_option(option: str) -> str:
    """An option for `ssh -o`, as given.

    Raises:
        ConfigError: it is none, or one that would take away a protection.
    """
    if not _OPTION.fullmatch(option):
        raise ConfigError(
            said(
                "ssh option {option}: write Name=value, such as Port=2222",
                option=repr(printable(option)),
            )
        )
    name = re.split("[= ]", option, maxsplit=1)[0].lower()
    if name in _REFUSED:
        raise ConfigError(
            said(
                "ssh option {name}: {refused}; if you mean it, set it for this host in "
                "~/.ssh/config",
                name=name,
                refused=_REFUSED[name],
            )
        )
    return option


def command(
    host: Host, told: str, *, facts: Mapping[str, list[str]], master: str = ""
) -> list[str]:
    """The command line that runs something on a box without a question.

    Args:
        host: where.
        told: what the login shell there is given.
        facts: what `settings` says of the host.
        master: socket of a connection of our own to go through; empty for none.
    """
    extra = ["BatchMode=yes"]
    for name, (usual, against) in _NOT_FOR_A_PIPE.items():
        if facts.get(name, [usual])[0].lower() != usual:
            extra.append(against)
    if master:
        extra += ["ControlMaster=no", f"ControlPath={master}"]
    return ["ssh", "-T", "-e", "none", *_arguments(host, extra), "--", host.address, told]


def _arguments(host: Host, extra: Sequence[str]) -> list[str]:
    # ssh takes the first value it is given: ours stand before the user's.
    options = [*extra, *_PRIVATE, *host.options]
    arguments = ["-F", host.config_file] if host.config_file else []
    for option in options:
        arguments += ["-o", option]
    arguments += ["-l", host.user] if host.user else []
    arguments += ["-p", str(host.port)] if host.port else []
    return arguments


def settings(host: Host) -> dict[str, list[str]]:
    """What the user's configuration says of a host, by `ssh -G`; empty where it cannot tell."""
    told = Program("ssh", _TELLS_S).ask(["-G", *_arguments(host, ()), "--", host.address])
    found: dict[str, list[str]] = {}
    for line in told.text.splitlines():
        name, _, value = line.partition(" ")
        found.setdefault(name.lower(), []).append(value)
    return found


def environment(facts: Mapping[str, list[str]]) -> dict[str, str]:
    """Our environment without what ssh would send on (SendEnv in the user's configuration)."""
    patterns = ["LANG", "LC_*", *(p for value in facts.get("sendenv", []) for p in value.split())]
    return {
        name: value
        for name, value in os.environ.items()
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
    }


# What OpenSSH prints (any version since 7.4) -> what that means for the user; first match holds.
_MEANINGS: tuple[tuple[str, HostState, str], ...] = (
    (
        r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed",
        "gone",
        "its host key has changed: someone may be listening in; if the box was set up anew, "
        "run `ssh-keygen -R {address}` and connect again",
    ),
    (
        r"Host key verification failed|No .* host key is known",
        "needs_password",
        "its host key is not known yet; it must be confirmed once on a terminal",
    ),
    (
        r"Too many authentication failures",
        "gone",
        "too many keys were tried; set IdentitiesOnly and IdentityFile for it in ~/.ssh/config",
    ),
    (
        r"Permission denied \((?P<how>(publickey|hostbased|,)*)\)",
        "needs_password",
        "no key of yours opens it; load one with ssh-add, or put one there with ssh-copy-id",
    ),
    (
        r"Permission denied \((?P<how>[^)]*)\)",
        "needs_password",
        "no key of yours opens it ({how}); a password or passphrase must be typed",
    ),
    (
        r"Could not resolve hostname",
        "retrying",
        "no host of this name is known; check the spelling, ~/.ssh/config and the network",
    ),
    (r"Connection refused", "retrying", "connection refused: no sshd listens there"),
    (r"timed out|Operation timed out", "retrying", "no answer: the box is off, or out of reach"),
    (r"No route to host|Network is unreachable", "retrying", "the network does not lead there"),
    (
        r"Bad (configuration|owner)|Bad permissions|terminating, \d+ bad|[Cc]an't open user config",
        "gone",
        "ssh refuses its configuration: {line}",
    ),
    (
        r"Connection (to .* )?(closed|reset)|kex_exchange_identification|Broken pipe|disconnect",
        "retrying",
        "the connection was cut",
    ),
)


def line_around(said: str, at: int) -> str:
    """The line of a program's words in which something stands, fit to be shown."""
    return printable(said[said.rfind("\n", 0, at) + 1 :].split("\n", 1)[0].strip())[:_LINE]


def last_line(said: str) -> str:
    """The last line of a program's words that is not blank, fit to be shown; empty for none."""
    last = next((line for line in reversed(said.splitlines()) if line.strip()), "")
    return printable(last.strip())[:_LINE]


def explain(said: str, status: int | None, host: Host) -> Failure:
    """What the last words of an ssh that has ended mean.

    Args:
        said: its standard error.
        status: its exit status; None where it was ended by us.
        host: where it went.
    """
    for pattern, state, words in _MEANINGS:
        found = re.search(pattern, said)
        if found is not None:
            how = printable(found.groupdict().get("how") or "")
            parts = {"how": how, "line": line_around(said, found.start())}
            return Failure(state, Said(words, {"address": host.address, **parts}))
    last = last_line(said)
    if status == 255 or status is None:
        return Failure("retrying", last or known("the connection was cut"))
    if status < 0:
        return Failure("retrying", known("ssh was ended here by a signal"))
    ended = Said("the command there ended with status {status}", {"status": status})
    return Failure("retrying", last or ended)


# -- questions on the terminal ---------------------------------------------------------------------


def socket_path(host: Host) -> str:
    """Where the socket of our own connection to a host is; its folder is the user's alone.

    Raises:
        TargetError: the folder belongs to someone else.
    """
    import tempfile  # which a screen on this machine does not need

    # A socket's path may have about 100 bytes, and ssh adds 17 while it is made.
    for base in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"):
        if base and os.path.isdir(base) and len(base) <= 50:
            break
    folder = os.path.join(base, f"lossmon-{os.getuid()}")
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        pass
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise TargetError(
            said(
                "{folder}: not a folder of yours; remove it, or set XDG_RUNTIME_DIR", folder=folder
            )
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        os.chmod(folder, 0o700)
    # Of this process alone: another lossmon that ends takes its own connection with it.
    identity = (
        f"{os.getpid()} {host.user}@{host.address}:{host.port} {host.config_file} {host.options}"
    )
    return os.path.join(folder, hashlib.sha256(identity.encode()).hexdigest()[:16])


def master_of(host: Host) -> str:
    """The socket of our own connection to a host where there is one, else empty."""
    try:
        path = socket_path(host)
        return path if stat.S_ISSOCK(os.lstat(path).st_mode) else ""
    except (OSError, TargetError):
        return ""


def ask(host: Host) -> int:
    """Let ssh ask its questions on the terminal; the connection is kept for what follows.

    The terminal must be free. The connection ends PERSIST_S after its last use.

    Returns:
        The exit status of ssh: 0 when the questions were answered.
    """
    path = socket_path(host)
    extra = [
        "ControlMaster=auto",
        f"ControlPath={path}",
        f"ControlPersist={PERSIST_S}",
        "BatchMode=no",
        "RemoteCommand=none",
    ]
    line = ["ssh", "-n", "-T", *_arguments(host, extra), "--", host.address, "true"]
    # Where ssh goes to the background it keeps stderr: a pipe there would never end.
    return subprocess.call(
        line, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=environment(settings(host))
    )


def ask_where_it_helps(host: Host | None, state: HostState) -> bool:
    """Let ssh ask where answers are what is missing; False where it said that it is of no use.

    Args:
        host: the box; None where there is none.
        state: of the link to it.
    """
    if host is None or state not in ("needs_password", "gone"):
        return True
    return ask(host) != UNREACHED


def let_go(host: Host) -> None:
    """End our own connection to a host, where there is one."""
    master = master_of(host)
    if master:
        try:
            subprocess.run(
                ["ssh", "-o", f"ControlPath={master}", "-O", "exit", "--", host.address],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                timeout=5, check=False,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            pass  # it ends by itself

"""The command of `--exec`: its words, with {fields} where values will stand.

Values come from logs, so a program that would run an argument must not be given one. Which programs
do is known for those below, by kind; of any other nothing can be known.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from lossmon.errors import ConfigError
from lossmon.words import said

FIELDS = (
    "event", "run", "pattern", "severity", "confidence", "since_step", "step", "metric", "state",
    "title", "evidence", "log", "time",
)  # fmt: skip
_FIELD = re.compile(r"\{([a-z_]+)\}")

# Takes a program as the text after an option, or as its first argument.
_INTERPRETER = re.compile(
    r"(?:ba|da|z|k|mk|fi|tc|c|a|pw|power|tcl|wi|o)?sh|busybox|(?:i|b)?python[\d.]*|pypy[\d.]*"
    r"|perl[\d.]*|ruby[\d.]*|irb|node(?:js)?|deno|bun|lua(?:jit)?[\d.]*|php[\d.]*|R|Rscript|julia"
    r"|[gmn]?awk|g?sed|jq|expect|osascript|gdb|lldb|n?vim?|ex|ed|emacs|bc|dc|m4|make|groovy|scala"
    r"|octave|matlab|ghci?|guile|racket|sbcl|clojure|elixir|erl|raku|uv|uvx|nix-shell"
)
# Gives an argument, wherever it stands, to a shell or to an interpreter; here or on another box.
_RUNS_ANY = re.compile(
    r"ssh|mosh|rsh|srun|sbatch|eval|su|runuser|tmux|screen|parallel|xargs|watch|find|fd|script|at"
    r"|batch|docker|podman|nerdctl|kubectl|lxc|machinectl|wsl|sqlite3|psql|mysql|mariadb|duckdb"
    r"|mongosh|git|tar|zip|rsync|ansible|entr|inotifywait|cmd(?:\.exe)?|source|\."
)
_ANYWHERE = re.compile(r"ssh|mosh|rsh|srun|eval|su|runuser|parallel|tmux")
# Runs the program that follows its own options and operands.
_LAUNCHER = re.compile(
    r"nohup|env|nice|ionice|setsid|stdbuf|timeout|sudo|doas|time|command|exec|builtin|nsenter"
    r"|unshare|systemd-(?:run|inhibit)|xvfb-run|unbuffer|caffeinate|torchrun|strace"
    r"|dbus-run-session|(?P<operand>flock|chroot|taskset|chrt|numactl)"
)
_OPERAND = re.compile(r"[\d.]+[a-zA-Z]?|[A-Za-z_]\w*=[^{]*")  # a time, a NAME=value
_CODE = re.compile(  # what follows is a program, not a text
    r"-[a-zA-Z]*[ceEpPrR]|-c[a-zA-Z]*|(?i:--?(?:encoded)?(?:command|eval|exec\w*|expression|print))"
)


def parse(text: str) -> list[str]:
    """The words of a command, with {fields} still in them.

    Raises:
        ConfigError: it cannot be run, or would run what a log says as a program.
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ConfigError(
            said("--exec: {error}; quote it as for a shell", error=str(error).lower())
        ) from None
    if not words:
        raise ConfigError(said("--exec: an empty command; name a program and its arguments"))
    for name in (name for word in words for name in _FIELD.findall(word)):
        if name not in FIELDS:
            raise ConfigError(
                said(
                    "--exec: no field {{{name}}}; there are {names}",
                    name=name,
                    names=", ".join(FIELDS),
                )
            )
    for word in _read_as_code(words):
        for name in _FIELD.findall(word):
            raise ConfigError(
                said(
                    "--exec: {{{name}}} would be read as a program, and it comes from a log; use "
                    'the environment variable instead: "$LOSSMON_{upper}"',
                    name=name,
                    upper=name.upper(),
                )
            )
    return words


def filled(words: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """The words of a command with values for its fields; of one word one word is made."""
    return [_FIELD.sub(lambda field: values.get(field[1], ""), word) for word in words]


def _read_as_code(words: list[str]) -> Iterator[str]:
    """Words that are the program to run, or that what stands before takes as one."""
    programs = set(_programs(words))
    for i, word in enumerate(words):
        name, rest = os.path.basename(word), words[i + 1 :]
        if i in programs:
            yield word
        if _ANYWHERE.fullmatch(name) or (i in programs and _RUNS_ANY.fullmatch(name)):
            yield from rest
        elif _INTERPRETER.fullmatch(name):
            yield from (after for option, after in pairwise(rest) if _CODE.fullmatch(option))
            if i in programs:
                yield from _up_to_program(rest)


def _up_to_program(words: Sequence[str]) -> Iterator[str]:
    """The options of an interpreter and what follows them: its file, or the program itself."""
    before = ""
    for word in words:
        yield word
        # Of "-F , PROGRAM" the comma belongs to the option; of "-u tell.py" the file does not.
        of_option = (
            re.fullmatch(r"-[a-zA-Z]", before) and before != "-m" and not set("./") & set(word)
        )
        if not word.startswith(("-", "+")) and not of_option:
            return
        before = word


def _programs(words: Sequence[str]) -> Iterator[int]:
    """Where the program stands, and those that it is told to start by the way."""
    at = 0
    while at < len(words):
        yield at
        launcher = _LAUNCHER.fullmatch(os.path.basename(words[at]))
        if launcher is None:
            return
        at, operands = at + 1, int(launcher["operand"] is not None)
        while at < len(words):
            option = words[at].startswith("-")
            if not (option or operands or _OPERAND.fullmatch(words[at])):
                break
            yield at  # a field is none of its options, which may name a file or a program
            operands -= int(operands > 0 and not option)
            at += 1

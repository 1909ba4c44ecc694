"""Commands of `--exec`: what a log says is never the program, for the programs that are known."""

from __future__ import annotations

import pytest

from lossmon.errors import ConfigError
from lossmon.report.template import filled, parse

PROGRAM = "read as a program"


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("{run}", PROGRAM),
        ("sh -c 'notify {run}'", '"$LOSSMON_RUN"'),
        ("timeout 5 bash -ec 'echo {evidence}'", '"$LOSSMON_EVIDENCE"'),
        ("python3 -c 'print(\"{title}\")'", PROGRAM),
        ("ssh host notify {run}", PROGRAM),
        ("notify {loss}", "no field {loss}"),
        ("notify 'x", "quote it"),
        ("  ", "empty"),
        # Options that are not spelled -c.
        ("nohup sh -cx {run}", PROGRAM),
        ("sh -o pipefail -c {run}", PROGRAM),
        ("sh -c{run}", PROGRAM),
        ("perl -E {run}", PROGRAM),
        ("perl -we {run}", PROGRAM),
        ("node --eval {run}", PROGRAM),
        ("node --eval={run}", PROGRAM),
        ("php -r {run}", PROGRAM),
        ("osascript -e {run}", PROGRAM),
        ("R -e {run}", PROGRAM),
        ("sed -e {run}", PROGRAM),
        ("pwsh -Command {run}", PROGRAM),
        # Programs without any option.
        ("awk {run}", PROGRAM),
        ("awk -F , {run} file", PROGRAM),  # the comma is the option's
        ("sed {run} file", PROGRAM),
        ("bash {log}", PROGRAM),
        ("watch {run}", PROGRAM),
        ("parallel {run}", PROGRAM),
        ("tmux new-window {run}", PROGRAM),
        ("tmux display-message {run}", PROGRAM),
        ("find . -exec {run} ;", PROGRAM),
        ("su -c {run}", PROGRAM),
        ("script -qc {run} /dev/null", PROGRAM),
        ("sqlite3 runs.db {run}", PROGRAM),
        # Programs that start another one.
        ("nohup {run}", PROGRAM),
        ("timeout 5 {run}", PROGRAM),
        ("env -S {run}", PROGRAM),
        ("env A=1 nice -n 5 {run}", PROGRAM),
        ("flock /tmp/lock {run}", PROGRAM),
        ("sudo -u me sh -c {run}", PROGRAM),
        ("my-wrapper ssh host {run}", PROGRAM),
        ("my-wrapper bash -c {run}", PROGRAM),
        ("/usr/bin/env python3.12 -c {run}", PROGRAM),
    ],
)
def test_a_command_that_would_run_what_a_log_says_is_refused(command: str, says: str) -> None:
    with pytest.raises(ConfigError, match="--exec") as refused:
        parse(command)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    "command",
    [
        "notify-send {run} {title}",
        "sh notify.sh {run}",
        "sh notify.sh --title {run}",
        "timeout 5 notify-send {run}",
        "env A=1 python3 tell.py {run} {pattern}",
        "python3 -u tell.py --run {run}",
        "python3 -m tell {run}",
        "flock /tmp/lock notify-send {run}",
        "curl -d text={title} https://ntfy.sh/me",
        "mail -s {title} me@example.org",
        "logger {run}: {evidence}",
    ],
)
def test_a_command_that_is_given_values_as_data_is_fine(command: str) -> None:
    assert parse(command) == command.split()


def test_the_program_of_a_shell_may_take_values_as_its_arguments() -> None:
    assert parse("""sh -c 'echo "$LOSSMON_RUN" {}' """) == ["sh", "-c", 'echo "$LOSSMON_RUN" {}']
    assert parse("""sh -c 'echo "$1"' tell {run}""") == ["sh", "-c", 'echo "$1"', "tell", "{run}"]


def test_of_one_word_one_word_is_made() -> None:
    words = filled(["a", "{run}: {step}", "{title}"], {"run": "x y'; z", "step": "{title}"})
    assert words == ["a", "x y'; z: {title}", ""]

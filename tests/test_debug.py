"""What failed is said: `--debug FILE`, tracebacks that are kept, plug-ins that cannot be imported."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lossmon import options
from lossmon.debug import logger, to_file
from lossmon.errors import TargetError
from lossmon.formats import detect
from tests.conftest import falling, training_rows, write_jsonl
from tests.report.test_cli import run

PLUG_IN = """
class Decoder:
    format = "mine"
    def __init__(self):
        from lossmon.formats.decoder import Facts, Skipped
        self.skipped, self.facts = Skipped(), Facts()
    def feed(self, data): raise RuntimeError("broken \\x1b[31m decoder")
    def flush(self): return []
class Mine:
    NAME = "mine"
    def sniff(self, head, name): return "mine" if b"MINE" in head else None
    def decoder(self, name): return Decoder()
plug_in = Mine()
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A place with two packages: one cannot be imported, one has a decoder that breaks."""
    site = tmp_path / "site"
    for name, text in (("torn", "import no_such_module"), ("mine", PLUG_IN)):
        (site / f"{name}-1.dist-info").mkdir(parents=True)
        (site / f"{name}-1.dist-info" / "METADATA").write_text(f"Name: {name}\nVersion: 1\n")
        (site / f"{name}-1.dist-info" / "entry_points.txt").write_text(
            f"[{detect.ENTRY_POINTS}]\n{name} = {name}_plug:plug_in\n"
        )
        (site / f"{name}_plug.py").write_text(text)
    return site


def with_site(site: Path) -> dict[str, str]:
    root = str(Path(detect.__file__).parents[2])
    return {"PYTHONPATH": f"{root}{os.pathsep}{site}", "XDG_STATE_HOME": str(site.parent / "state")}


@pytest.mark.parametrize("verbose", [(), ("-v",)])
def test_a_plug_in_that_cannot_be_imported_gets_a_line(
    tmp_path: Path, site: Path, verbose: tuple[str, ...]
) -> None:
    log = write_jsonl(tmp_path / "log.jsonl", training_rows(falling(30)))
    done = run("check", *verbose, log, **with_site(site))
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert "the plug-in torn (torn_plug:plug_in) is left out" in line
    assert "no_such_module" in line


def test_the_traceback_of_a_decoder_is_kept(tmp_path: Path, site: Path) -> None:
    (tmp_path / "x.log").write_text("MINE\n")
    told = tmp_path / "debug.txt"
    done = run("check", "--debug", told, tmp_path / "x.log", **with_site(site))
    assert "mine decoder failed: RuntimeError: broken" in done.stderr
    (crash,) = (site.parent / "state").rglob("crash.txt")
    for text in (crash.read_text(), told.read_text()):
        assert "mine_plug.py" in text
        assert "in feed" in text
    assert "\x1b" not in told.read_text()
    assert stat.S_IMODE(told.stat().st_mode) == 0o600
    assert "called as" in told.read_text()


def test_where_it_cannot_be_kept_it_is_said(tmp_path: Path) -> None:
    log = write_jsonl(tmp_path / "log.jsonl", training_rows(falling(30)))
    done = run("check", "--debug", tmp_path / "none" / "x.txt", log)
    assert done.returncode == 2
    assert "no such file" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def handlers() -> Iterator[None]:
    """What is logged goes where it went before the test."""
    before, level = list(logger.handlers), logger.level
    yield
    for handler in [one for one in logger.handlers if one not in before]:
        logger.removeHandler(handler)
        handler.stream.close()  # type: ignore[attr-defined]
    logger.setLevel(level)


def test_a_log_is_not_written_to(tmp_path: Path, handlers: None) -> None:
    """`check --debug run.log` takes it for a flag: the newest loss became 1.502026-11-29."""
    log = tmp_path / "run.log"
    log.write_text("step 49 loss 1.49\nstep 50 loss 1.50")
    with pytest.raises(TargetError, match=r"run\.log: this file is there and was not written by"):
        to_file(str(log))
    assert log.read_text().endswith("1.50")


def test_a_file_of_its_own_is_written_on(tmp_path: Path, handlers: None) -> None:
    told = tmp_path / "debug.txt"
    told.touch()
    to_file(str(told))
    first = told.read_text()
    to_file(str(told))
    assert told.read_text().startswith(first)
    assert told.read_text().count("called as") >= 2


def test_secrets_are_not_kept(tmp_path: Path, handlers: None) -> None:
    """An address that lossmon itself refuses stood there with its password."""
    told = tmp_path / "debug.txt"
    to_file(str(told))
    logger.info("called as %s", ["http://bob:S3CRET@box/x.jsonl", "s3://b?sig=" + "a1" * 20])
    assert "S3CRET" not in told.read_text()
    assert "a1a1" not in told.read_text()
    assert "bob" in told.read_text()


def test_a_link_is_refused_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TargetError, match="is a link; name the file itself"):
        to_file(str(tmp_path / "link"))


def test_without_it_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    logger.warning("nobody listens")
    assert capsys.readouterr() == ("", "")


def test_an_error_without_a_reason_of_the_system_is_told_by_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def torn(*_: object) -> int:
        raise OSError("Odd")

    monkeypatch.setattr("lossmon.private.opener", torn)
    with pytest.raises(TargetError, match=r"--debug .*: odd$"):
        to_file(str(tmp_path / "a"))


def test_where_nothing_is_kept_nothing_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Python prints a warning that nobody takes: over the screen."""
    logger.warning("a link was lost")
    assert capsys.readouterr() == ("", "")


def test_the_option_of_each_command_writes_it_down(tmp_path: Path, handlers: None) -> None:
    command = options.ssh_options(click.Command("x", callback=lambda: None))
    CliRunner().invoke(command, ["--debug", str(tmp_path / "debug.txt")])
    logger.info("a link")
    assert "a link" in (tmp_path / "debug.txt").read_text()

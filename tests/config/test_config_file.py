"""The user's file of settings: read within bounds, refused in a line, changed a line at a time."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from lossmon import config, settings
from lossmon.config.hosts import Host
from lossmon.config.joining import MOST, ByHand
from lossmon.config.keep import keep, with_setting
from lossmon.config.notices import Notices
from lossmon.config.screen import Screen
from lossmon.config.section import shown
from lossmon.errors import ConfigError
from lossmon.settings import NamedHost


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the settings are; there is no file yet."""
    monkeypatch.setenv("LOSSMON_CONFIG", str(tmp_path / "lossmon" / "c.toml"))
    return tmp_path / "lossmon" / "c.toml"


def wrong(text: str) -> str:
    """What is said of a file."""
    with pytest.raises(ConfigError) as caught:
        config.parse(text.encode())
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[scren]", "no section scren; did you mean screen?"),
        ("b = 1\na = 1", "no section b; there are"),  # the first by name
        ("screen = 3", "screen: a table: [screen], then its settings"),
        ("hosts = 3", "hosts: tables, such as [hosts.gpu1]"),
        ("[hosts]\ngpu1 = 3", "hosts.gpu1: a table: [hosts.gpu1], then its settings"),
        ('[hosts.a]\nssh_options = ["ProxyCommand"]', "ProxyCommand"),
        ("[screen]\nfps = 0.05", "screen.fps: from 0.1 to 60, not 0.05"),
        ("[screen]\nfps = nan", "screen.fps: from 0.1 to 60, not nan"),
        (f"[screen]\nfps = 1{'0' * 400}", "screen.fps: from 0.1 to 60, not inf"),
        ("[screen]\nfps = 61", "screen.fps: from 0.1 to 60, not 61.0"),
        ("[screen]\nsmoothing = 1", "screen.smoothing: from 0 to 0.999, not 1.0"),
        ("patterns = 3", 'patterns: a table: [patterns], then plateau = "off"'),
        ('[patterns]\nplatau = "off"', "patterns: no pattern platau; did you mean plateau? (`loss"),
        ('[patterns]\nzzz = "off"', "patterns: no pattern zzz (`lossmon explain` lists them)"),
        ('[patterns]\nplateau = "no"', 'patterns.plateau: no "no"; one of off, info, warning, crit'),
        ("roles = 3", 'roles: a table: [roles], then "metric" = "train_loss"'),
        ('[roles]\nx = "lossy"', 'roles.x: no "lossy"; one of train_loss'),
        ("lines = 3", "lines: tables: [[lines]], then name and pattern"),
        ("lines = [3]", "lines 1: give it a pattern, a regular expression"),
        ("[[lines]]\nname = 'x'", "lines 1: give it a pattern, a regular expression"),
        ("[[lines]]\npattern = '(?P<l>x)'\n[[lines]]\npattern = 3", "lines 2: give it a pattern"),
        ("[[lines]]\npattern = '(?P<l>x)'\nz = 1\ny = 1", "lines 1: no setting y; there are name, p"),
        ("[[lines]]\npattern = '(?P<l>'", "lines 1: not a regular expression: missing )"),
        ("[[lines]]\npattern = 'x{99999999999}'", "lines 1: not a regular expression"),
        ("[[lines]]\npattern = '(?P<step>x)(?P<epoch>x)(?P<time>x)'", "lines 1: name a group for e"),
        ("joining = 3", "joining: a table: [joining], then together ="),
        ("[joining]\nz = 1\nb = 1", "joining: no setting b; there are together, apart"),
        ("[joining]\ntogether = 3", "joining.together: lists of two logs or more"),
        ("[joining]\ntogether = [3]", "joining.together: lists of two logs or more"),
        ('[joining]\napart = [["a"]]', "joining.apart: lists of two logs or more"),
        ('[joining]\napart = [["a", 3]]', "joining.apart: lists of two logs or more"),
        ("[joining]\napart = [" + (MOST + 1) * '["a", "b"],' + "]", "joining.apart: at most 200 lists"),
        ("x", "not valid TOML: "),
        ("[screen]\nfps = 3\nfps = 3", "not valid TOML: "),
        (f"{'a.' * 17}b = 1", "a key or value nested more than 16 deep; no setting is"),
        (f"{'a.' * 16}b = 1", "no section a"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line_that_says_what_would_work(text: str, said: str) -> None:
    assert said in wrong(text)


def test_what_is_right_is_read() -> None:
    found = config.parse(
        b'[joining]\ntogether = [["a", "b"], ["c", "d", "e"]]\n[hosts.g]\npaths = ["~/x"]\n'
        b'[patterns]\nnoisy = "off"\nplateau = "critical"\n[roles]\n"my/x" = "eval_loss"\n'
        b"[[lines]]\npattern = '(?P<loss>x)'\n[[lines]]\nname = 'z'\npattern = '(?P<loss>z)'\n"
    )
    assert found.joining == ByHand((("a", "b"), ("c", "d", "e")), ())
    assert found.hosts == {"g": Host(paths=("~/x",))}
    assert found.patterns == {"noisy": "off", "plateau": "critical"}
    assert found.roles == {"my/x": "eval_loss"}
    assert [line.name for line in found.lines] == ["pattern", "z"]
    lists = "[joining]\napart = [" + MOST * '["a", "b"],' + "]"
    assert len(config.parse(lists.encode()).joining.apart) == MOST
    assert config.parse(b"\xef\xbb\xbf[screen]\nascii = true").screen.ascii  # as Notepad saves it


def test_a_file_is_read_whole_up_to_its_bound(file: Path) -> None:
    file.parent.mkdir()
    file.write_text("#" * (1 << 20))
    assert config.load() == config.Config()
    file.write_text("#" * ((1 << 20) + 1))
    with pytest.raises(ConfigError, match=f"^{file}: larger than 1 MiB"):
        config.load()
    file.write_text("[z]")
    with pytest.raises(ConfigError, match=f"^{file}: no section z"):
        config.load()


def test_a_file_that_is_not_there_is_wrong_only_where_it_was_named(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match=f"{file}: no such file .LOSSMON_CONFIG names it"):
        config.load()
    monkeypatch.delenv("LOSSMON_CONFIG")
    assert config.load() == config.Config()
    monkeypatch.setenv("LOSSMON_CONFIG", str(file.parent.parent))
    with pytest.raises(ConfigError, match="is a directory"):
        config.load()


def test_what_is_read_is_put_in_force(file: Path) -> None:
    file.parent.mkdir()
    file.write_text(
        '[hosts.g]\npaths = ["~/x"]\naddress = "me@g"\nssh_options = ["Port=22"]\n'
        '[patterns]\nnoisy = "off"\n[roles]\nx = "eval_loss"\n'
        '[joining]\ntogether = [["a", "b"]]\napart = [["c", "d"]]\n'
        "[[lines]]\nname = 'mine'\npattern = '(?P<loss>x)'\n"
    )
    settings.say(classes=3)
    config.name_hosts()
    assert settings.current().hosts == {"g": NamedHost(("~/x",), "me@g", ("Port=22",))}
    assert settings.current().patterns == {}
    config.apply()
    now = settings.current()
    assert (now.patterns, now.roles) == ({"noisy": "off"}, {"x": "eval_loss"})
    assert (now.together, now.apart) == ((("a", "b"),), (("c", "d"),))
    assert [one.NAME for one in now.formats] == ["mine"]
    assert now.classes == 3


def test_the_documented_file_is_made_once_for_its_user_alone(file: Path) -> None:
    config.create()
    assert file.read_text() == config.default_text()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    with pytest.raises(ConfigError, match="there is a file already; it stays as it is"):
        config.create()


def test_it_is_said_where_none_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LOSSMON_CONFIG", str(tmp_path / "file" / "c.toml"))
    with pytest.raises(ConfigError, match=r"c\.toml: "):
        config.create()
    with pytest.raises(ConfigError, match=r"c\.toml: "):
        keep("screen", theme="light")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[s]\nk = 1\n"),
        ("[t]\nk = 2\n", "[t]\nk = 2\n\n[s]\nk = 1\n"),
        ("[s]\n", "[s]\nk = 1\n"),
        ("[s]\nk = 2 # mine\nl = 3\n", "[s]\nk = 1\nl = 3\n"),
        ("  [ s ]  # mine\n  k=2\n", "  [ s ]  # mine\nk = 1\n"),
        ("[s]\n# k = 2\nl = 3\n", "[s]\nk = 1\nl = 3\n"),
        ("[s]\n# k = 2\nk = 3\n", "[s]\n# k = 2\nk = 1\n"),  # the setting goes before a comment
        ("[s]\nkk = 2\n", "[s]\nk = 1\nkk = 2\n"),
        ("[s]\nl = 2\n[t]\nk = 3\n", "[s]\nk = 1\nl = 2\n[t]\nk = 3\n"),  # of another section
        ("[s.t]\nk = 2\n", "[s.t]\nk = 2\n\n[s]\nk = 1\n"),
        ("# [s]\nk = 2\n", "# [s]\nk = 2\n\n[s]\nk = 1\n"),
    ],
)
def test_a_setting_takes_its_line_or_that_of_its_comment(before: str, after: str) -> None:
    assert with_setting(before, "s", "k", "k = 1") == after


def test_what_is_kept_is_read_again_and_the_rest_of_the_file_stays(file: Path) -> None:
    keep("screen", theme="light", fps=3.0)
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    file.chmod(0o640)
    keep("joining", together=(("a", "b"),))
    found = config.load()
    assert (found.screen.theme, found.screen.fps) == ("light", 3.0)
    assert found.joining.together == (("a", "b"),)
    assert file.stat().st_mode & 0o777 == 0o640
    changed = set(file.read_text().splitlines()) - set(config.default_text().splitlines())
    assert len(changed) == 3
    assert os.listdir(file.parent) == ["c.toml"]


def test_a_link_is_followed_and_stays_one(file: Path, tmp_path: Path) -> None:
    file.parent.mkdir()
    (tmp_path / "dotfiles.toml").write_text("[screen]\n")
    file.symlink_to(tmp_path / "dotfiles.toml")
    assert keep("screen", ascii=True) == str(tmp_path / "dotfiles.toml")
    assert file.is_symlink()
    assert (tmp_path / "dotfiles.toml").read_text() == "[screen]\nascii = true\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[scren]\n", "no section scren"),
        ("screen.theme = 'dark'\n", "not valid TOML"),
        ("[screen]\nfps = 'x'\n", "a number"),
        ("[screen]\nx = '''\n[screen]\n'''\n", "no setting x"),
        (
            "[[lines]]\npattern = '(?P<l>x)'\nname = '''\n[screen]\n'''\n",
            "set screen.theme by hand",
        ),
    ],
)
def test_a_file_that_cannot_be_changed_stays_as_it_was(file: Path, text: str, said: str) -> None:
    file.parent.mkdir()
    file.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(said)):
        keep("screen", theme="light")
    assert file.read_text() == text
    file.write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"c\.toml: "):
        keep("screen", theme="light")


def test_what_holds_without_a_file() -> None:
    none = config.Config()
    assert none.screen == Screen(
        "dark", "auto", False, 5.0, 0.6, False, False, "step", "gap", ""
    )  # fmt: skip
    assert none.notices == Notices(True, "warning", True, "auto", (), True)
    assert none.joining == ByHand((), ())
    assert Host() == Host((".",), "", ())
    assert (none.hosts, none.patterns, none.roles, none.lines) == ({}, {}, {}, ())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"), ("a\"损", '"a\\"损"'), (3, "3"), (3.0, "3.0"), (0.25, "0.25"),
        ((), "[]"), ((("a", "b"), ("c",)), '[["a", "b"], ["c"]]'), ({}, "a table"),
    ],
)  # fmt: skip
def test_a_value_as_toml_writes_it(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_demo_writes_no_settings(file: Path) -> None:
    with (
        settings.using(settings.Settings(fleeting=True)),
        pytest.raises(ConfigError, match="a demo leaves nothing behind"),
    ):
        keep("screen", theme="light")
    assert not file.exists()

"""Settings: typed, documented where they are declared, and refused in one line."""

from __future__ import annotations

import dataclasses
import math
import re
from dataclasses import dataclass, fields
from itertools import count
from pathlib import Path

import pytest

from lossmon import config
from lossmon.chart.axis import X_AXES
from lossmon.config import screen
from lossmon.config import section as sections
from lossmon.config.section import setting, table, tables
from lossmon.errors import ConfigError
from tests.report.test_cli import run


@dataclass(frozen=True)
class Host:
    port: int = setting(22, "The port.", least=1, most=65535)
    name: str | None = setting(None, "Another name.", example="box")
    tags: tuple[str, ...] = setting((), "Words.", one_of=("a", "b"))
    share: float = setting(0.5, "A share.", most=1)


HOST, HOSTS = table(Host()), tables(Host(), "gpu1")


def test_a_table_gives_typed_values_and_defaults() -> None:
    assert HOST.read({"port": 2222, "tags": ["b"], "share": 1}, "host") == Host(
        port=2222, tags=("b",), share=1.0
    )
    assert HOSTS.read({"x": {"name": "y"}}, "hosts") == {"x": Host(name="y")}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"prot": 1}, "h: no setting prot; did you mean port?"),
        ({"xyz": 1}, "h: no setting xyz; there are port, name, tags, share"),
        ({"port": "22"}, 'h.port: a whole number, not "22"'),
        ({"port": True}, "h.port: a whole number, not true"),
        ({"port": 22.5}, "h.port: a whole number, not 22.5"),
        ({"port": 0}, "h.port: from 1 to 65535, not 0"),
        ({"share": float("nan")}, "h.share: at most 1, not nan"),
        ({"tags": "a"}, 'h.tags: a list of texts, not "a"'),
        ({"tags": ["c"]}, 'h.tags: no "c"; one of a, b'),
        ({"name": {}}, "h.name: a text, not a table"),
        (3, "h: a table: [h], then its settings"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_work(value: object, said: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{re.escape(said)}$"):
        HOST.read(value, "h")


def test_the_default_file_sets_nothing() -> None:
    assert config.parse(config.default_text().encode()) == config.Config()


def test_the_default_file_shows_valid_settings() -> None:
    """Every setting with its sign of a comment taken away."""
    text = re.sub(r"(?m)^# (?=\w+ = |\"|\[)", "", config.default_text())
    shown = config.parse(text.encode())
    assert shown.roles
    assert shown.lines


def test_every_setting_is_documented() -> None:
    text = config.default_text()
    for section in fields(config.Config):
        assert re.search(rf"\[{section.name}[\].]", text)
        value = section.metadata["section"].default
        for one in fields(value) if dataclasses.is_dataclass(value) else ():
            assert f"# {one.name} = " in text
            assert one.metadata["words"].endswith(".")


def test_what_the_screen_can_show_can_be_set() -> None:
    assert screen.X_AXES == X_AXES


class TestCommand:
    def test_it_says_where_the_settings_are(self, tmp_path: Path) -> None:
        done = run("config", XDG_CONFIG_HOME=str(tmp_path))
        assert done.stdout == f"{tmp_path}/lossmon/config.toml\n"
        assert "no file there yet" in done.stderr

    def test_it_writes_the_documented_file_once(self, tmp_path: Path) -> None:
        done = run("config", "--create", XDG_CONFIG_HOME=str(tmp_path))
        where = tmp_path / "lossmon" / "config.toml"
        assert done.stdout == f"{where}\n"
        assert where.read_text() == config.default_text()
        again = run("config", "--create", XDG_CONFIG_HOME=str(tmp_path))
        assert again.returncode == 2
        assert again.stderr.endswith("there is a file already; it stays as it is\n")

    def test_it_checks_what_is_there(self, tmp_path: Path) -> None:
        path = tmp_path / "c.toml"
        path.write_text("[screen]\nfsp = 3\n")
        done = run("config", LOSSMON_CONFIG=str(path))
        assert done.returncode == 2
        assert "screen: no setting fsp; there are theme" in done.stderr


def test_a_setting_holds_where_no_flag_is_given(tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    path.write_text('[screen]\nlanguage = "zh"\n')
    told = {"LOSSMON_CONFIG": str(path)}
    assert "过拟合" in run("explain", "overfitting", **told).stdout
    assert "过拟合" not in run("explain", "overfitting", "--lang", "en", **told).stdout


def test_a_number_of_5_000_digits_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("x = " + "9" * 5000)
    done = run("check", tmp_path, LOSSMON_CONFIG=str(path))
    assert done.returncode == 2
    assert "not valid TOML" in done.stderr


@pytest.mark.parametrize(
    ("begins", "goes_on", "ends"),
    [
        ("a", ".a", " = 1"),  # took 16 s
        ("[", "a .", "a]"),
        ('x = {"a"', '."a"', " = 1}"),
        ("x = ", "[", ""),
        ("x = ", "{a = ", ""),
    ],
)
def test_what_is_nested_beyond_any_setting_is_one_line(
    begins: str, goes_on: str, ends: str
) -> None:
    text = begins + 20_000 * goes_on + ends
    with pytest.raises(ConfigError, match="nested more than 16 deep; no setting is"):
        config.parse(text.encode())


def test_dots_in_texts_and_comments_nest_nothing() -> None:
    dots = "../../" * 40
    text = f"# {dots}\n[roles]\n'{dots}' = \"train_loss\"\n\"{dots}x\" = 'train_loss' # {dots}\n"
    assert set(config.parse(text.encode()).roles) == {dots, dots + "x"}


def test_all_that_is_wrong_with_a_file_is_told_at_once(tmp_path: Path) -> None:
    """A line each: who mends one fault and starts again only to meet the next gives up."""
    path = tmp_path / "c.toml"
    path.write_text(
        '[screen]\nsmothing = 0.5\ntheme = "drak"\nfps = 900\n[roles]\nx = "train_los"\n'
        '[patterns]\noverfit = "off"\nnoisy = "no"\n[[lines]]\nname = "a"\n[scren]\n'
    )
    done = run("config", LOSSMON_CONFIG=str(path))
    assert done.returncode == 2
    told = [line.removeprefix(f"lossmon: {path}: ") for line in done.stderr.splitlines()]
    assert told == [
        "screen: no setting smothing; did you mean smoothing?",
        'screen.theme: no "drak"; did you mean dark?',
        "screen.fps: from 0.1 to 60, not 900.0",
        'roles.x: no "train_los"; did you mean train_loss?',
        "patterns: no pattern overfit; did you mean overfitting? (`lossmon explain` lists them)",
        'patterns.noisy: no "no"; one of off, info, warning, critical',
        "lines 1: give it a pattern, a regular expression",
        "no section scren; did you mean screen?",
    ]
    path.write_text("[screen]\n" + "".join(f"a{i} = 1\n" for i in range(5000)))
    assert len(run("config", LOSSMON_CONFIG=str(path)).stderr.splitlines()) == 20


@pytest.mark.parametrize(
    ("value", "kind", "read"),
    [
        (1, float, 1.0), (1.5, float, 1.5), (True, float, None), ("1", float, None),
        (True, bool, True), (1, bool, None), (1, int, 1), (True, int, None), (1.0, int, None),
        ("a", str, "a"), ("a", str | None, "a"), (2, float | None, 2.0), (True, float | None, None),
        (10**400, float, math.inf), (-(10**400), float, -math.inf),
    ],
    ids=count(),
)  # fmt: skip
def test_a_value_is_of_its_type_and_a_whole_number_is_a_number(
    value: object, kind: object, read: object
) -> None:
    if read is None:
        with pytest.raises(ConfigError, match=r"^a\.b: "):
            sections._one(value, kind, "a.b")
    else:
        found = sections._one(value, kind, "a.b")
        assert (found, type(found)) == (read, type(read))

"""What a table of settings may say, with limits on one side, on both and on none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from lossmon import config
from lossmon.config.keep import keep, with_setting
from lossmon.config.section import in_words, setting, table
from lossmon.errors import ConfigError
from lossmon.words import words


@dataclass(frozen=True)
class Knobs:
    low: int = setting(3, "Not too few.", least=2)
    high: float = setting(1.0, "Not too many.", most=2.5)
    both: float = setting(0.5, "A share.", least=0, most=1)
    free: int | None = setting(None, "Any.", example=7)
    one: str = setting("a", "One of two.", one_of=("a", "b"))
    flag: bool = setting(False, "On or off.")


KNOBS = table(Knobs())


def test_each_field_says_what_is_allowed() -> None:
    assert in_words(Knobs, words("en")).splitlines() == [
        "# Not too few. At least 2.", "# low = 3",
        "# Not too many. At most 2.5.", "# high = 1.0",
        "# A share. From 0 to 1.", "# both = 0.5",
        "# Any.", "# free = 7",
        "# One of two. One of a, b.", '# one = "a"',
        "# On or off.", "# flag = false",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"low": 2, "high": 2.5, "both": 0, "free": 10**9, "one": "b", "flag": True}, ""),
        ({"low": 1}, "knobs.low: at least 2, not 1"),
        ({"high": 2.6}, "knobs.high: at most 2.5, not 2.6"),
        ({"high": -1e9}, ""),
        ({"low": 10**9}, ""),
        ({"both": -0.1}, "knobs.both: from 0 to 1, not -0.1"),
        ({"both": 1.1}, "knobs.both: from 0 to 1, not 1.1"),
        ({"both": float("nan")}, "knobs.both: from 0 to 1, not nan"),
        ({"low": 3.0}, "knobs.low: a whole number, not 3.0"),
        ({"low": True}, "knobs.low: a whole number, not true"),
        ({"both": True}, "knobs.both: a number, not true"),
        ({"flag": 1}, "knobs.flag: true or false, not 1"),
        ({"free": "x"}, 'knobs.free: a whole number, not "x"'),
        ({"one": "c"}, 'knobs.one: no "c"; one of a, b'),
        ({"lows": 3}, "knobs: no setting lows; did you mean low?"),
    ],
)
def test_what_is_not_allowed_is_told(given: dict[str, object], says: str) -> None:
    if not says:
        assert {**vars(Knobs()), **given} == vars(KNOBS.read(given, "knobs"))
        return
    with pytest.raises(ConfigError) as told:
        KNOBS.read(given, "knobs")
    assert str(told.value) == says


def test_a_file_that_no_folder_can_be_made_for_is_told_in_the_system_s_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LOSSMON_CONFIG", "/proc/none/config.toml")
    with pytest.raises(ConfigError, match=r"^/proc/none/config\.toml: no such file or directory$"):
        keep("screen", theme="light")


def test_what_stands_beside_a_setting_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "c.toml"
    file.write_text("[notices]\non = false\n\n[screen]\n#theme = 3\nfps = 2\n")
    monkeypatch.setenv("LOSSMON_CONFIG", str(file))
    assert keep("screen", theme="light", log_y=True) == str(file)
    assert file.read_text() == (
        '[notices]\non = false\n\n[screen]\nlog_y = true\ntheme = "light"\nfps = 2\n'
    )
    assert config.load().screen.theme == "light"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[screen]\nfps = 9\n"),
        ("[screen]", "[screen]\nfps = 9\n"),
        ("[screen]\n[notices]\nfps = 1\n", "[screen]\nfps = 9\n[notices]\nfps = 1\n"),
        ("[screen]\n[notices]\n#fps = 1\n", "[screen]\nfps = 9\n[notices]\n#fps = 1\n"),
        ("[notices]\nfps = 1\n", "[notices]\nfps = 1\n\n[screen]\nfps = 9\n"),
        ("[screen]\n#fps = 1\nfps = 2\n", "[screen]\n#fps = 1\nfps = 9\n"),
        ("[screen]\n# fps = 1\n", "[screen]\nfps = 9\n"),
        ("[ screen ]  # mine\nfps=2", "[ screen ]  # mine\nfps = 9\n"),
    ],
)
def test_a_line_of_its_own_section_changes_and_no_other(before: str, after: str) -> None:
    assert with_setting(before, "screen", "fps", "fps = 9") == after

"""Each limit of `config.toml`, just inside and just outside."""

from __future__ import annotations

import pytest

from lossmon import config, settings
from lossmon.config.keep import keep
from lossmon.config.section import shown
from lossmon.errors import ConfigError

SMALLEST = 1e-9


@pytest.mark.parametrize(
    ("setting", "least", "most"), [("fps", 0.1, 60), ("smoothing", 0.0, 0.999)]
)
def test_a_number_may_be_the_least_and_the_most(setting: str, least: float, most: float) -> None:
    for value in (least, most):
        told = config.parse(f"[screen]\n{setting} = {value}\n".encode())
        assert getattr(told.screen, setting) == value
    for value in (least - SMALLEST, most + SMALLEST):
        with pytest.raises(
            ConfigError, match=rf"screen\.{setting}: from {least:g} to {most:g}, not"
        ):
            config.parse(f"[screen]\n{setting} = {value:.9f}\n".encode())


def test_what_is_measured_is_what_holds_without_a_file() -> None:
    told = config.Config()
    assert (told.screen.fps, told.screen.smoothing, told.screen.log_y) == (5, 0.6, False)
    assert (told.screen.log_x, told.screen.ascii) == (False, False)
    assert (told.notices.on, told.notices.bell, told.notices.title) == (True, True, True)


@pytest.mark.parametrize("count", [200, 201])
def test_so_many_lists_of_logs_are_joined_by_hand(count: int) -> None:
    lists = [[f"a{i}", f"b{i}"] for i in range(count)]
    text = f"[joining]\napart = {shown(lists)}\n".encode()
    if count == 200:
        assert len(config.parse(text).joining.apart) == 200
        return
    with pytest.raises(ConfigError, match=r"joining\.apart: at most 200 lists"):
        config.parse(text)


@pytest.mark.parametrize(
    "value",
    ["3", '["a"]', '[["a"]]', '[["a", 3]]', '[["a", "b"], "c"]', '[["a", "b"], ["c"]]'],
)
def test_a_list_of_logs_is_of_two_texts_or_more(value: str) -> None:
    with pytest.raises(ConfigError, match="lists of two logs or more"):
        config.parse(f"[joining]\ntogether = {value}\n".encode())


@pytest.mark.parametrize(("wrong", "told"), [(1, 1), (20, 20), (21, 20)])
def test_twenty_faults_are_told_at_once(wrong: int, told: int) -> None:
    text = "[patterns]\n" + "".join(f"zzz{i} = 'off'\n" for i in range(wrong))
    with pytest.raises(ConfigError) as found:
        config.parse(text.encode())
    assert 1 + len(found.value.others) == told


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ('["a", 3]', 'notices.urls: a list of texts, not ["a", 3]'),
        ('"a"', 'notices.urls: a list of texts, not "a"'),
        ("{}", "notices.urls: a list of texts, not a table"),
    ],
)
def test_a_list_is_of_texts_alone(value: str, says: str) -> None:
    with pytest.raises(ConfigError) as found:
        config.parse(f"[notices]\nurls = {value}\n".encode())
    assert str(found.value) == says


@pytest.mark.parametrize("sign", ["", "-"])
def test_a_whole_number_beyond_all_floats_is_out_of_range_on_its_side(sign: str) -> None:
    with pytest.raises(ConfigError, match=r"screen\.fps: from 0\.1 to 60"):
        config.parse(f"[screen]\nfps = {sign}1{'0' * 400}\n".encode())


@pytest.mark.parametrize(("lang", "word"), [("", "Settings of"), ("zh", "设置")])
def test_the_file_that_is_written_for_a_setting_is_in_the_language_asked_for(
    lang: str, word: str
) -> None:
    settings.say(lang=lang)
    with open(keep("screen", log_y=True), encoding="utf-8") as file:
        text = file.read()
    assert word in text.split("\n")[0]
    assert config.load().screen.log_y

"""What the user says holds where it was said; plug-ins are found without being imported."""

from __future__ import annotations

import contextlib
import importlib
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from lossmon import plugins, settings
from lossmon.errors import TargetError, message_of
from lossmon.settings import Settings
from lossmon.where import settings_file
from lossmon.words import Said, said


def test_what_is_said_holds_for_a_while_or_from_here_on() -> None:
    assert settings.current() == Settings()
    settings.say(classes=3)
    settings.say(lang="zh")  # what is not named stays
    assert settings.current() == Settings(classes=3, lang="zh")
    with contextlib.suppress(KeyError), settings.using(Settings(total_steps=5)):
        assert settings.current() == Settings(total_steps=5)
        raise KeyError
    assert settings.current() == Settings(classes=3, lang="zh")


def test_another_thread_has_what_was_said_in_it() -> None:
    settings.say(classes=3)
    found: list[Settings] = []
    one = threading.Thread(target=lambda: found.append(settings.current()))
    one.start()
    one.join()
    assert found == [Settings()]


@pytest.mark.parametrize(
    ("environment", "where"),
    [
        ({"LOSSMON_CONFIG": "/a/c.toml"}, "/a/c.toml"),
        ({"LOSSMON_CONFIG": "~/c.toml"}, "/home/me/c.toml"),
        ({"LOSSMON_CONFIG": "/a", "XDG_CONFIG_HOME": "/x"}, "/a"),
        ({"XDG_CONFIG_HOME": "/x"}, "/x/lossmon/config.toml"),
        ({"XDG_CONFIG_HOME": " "}, "/home/me/.config/lossmon/config.toml"),
        ({}, "/home/me/.config/lossmon/config.toml"),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs says it")
def test_where_the_settings_are(
    environment: dict[str, str], where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", "/home/me")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert settings_file() == where
    from platformdirs import user_config_dir

    if "LOSSMON_CONFIG" not in environment:
        assert where == f"{user_config_dir('lossmon')}/config.toml"


@pytest.mark.parametrize(
    ("error", "text", "ours"),
    [
        (TargetError(said("no {what}", what="log")), "no log", True),
        (TargetError("no log"), "no log", False),
        (OSError(2, "gone"), "[Errno 2] gone", False),
        (KeyError(3), "3", False),
        (ValueError(), "", False),
    ],
)
def test_what_an_error_says_keeps_its_template(error: Exception, text: str, ours: bool) -> None:
    told = message_of(error)
    assert told == text
    assert isinstance(told, Said) == ours


GROUP = "lossmon.test_group"


def package(place: Path, name: str, *, group: str = GROUP, ending: str = "dist-info") -> None:
    """A package as pip installs it, that offers something which cannot be imported."""
    where = place / f"{name}-1.0.{ending}"
    where.mkdir(parents=True)
    (where / "METADATA").write_text(f"Name: {name}\nVersion: 1.0\n")
    (where / "entry_points.txt").write_text(f"[{group}]\n{name} = no_such_module:thing\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place of packages that is alone on the path."""
    (tmp_path / "site").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    plugins.offered.cache_clear()
    importlib.invalidate_caches()
    return tmp_path / "site"


def offers() -> list[str]:
    plugins.offered.cache_clear()
    importlib.invalidate_caches()
    return [one.name for one in plugins.offered(GROUP)]


def test_what_packages_offer_is_found_by_its_group(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert offers() == []
    package(site, "other", group="console_scripts")
    (site / "nothing-1.0.dist-info").mkdir()
    (site / f"{GROUP}.txt").write_text(GROUP)
    assert offers() == []
    package(site, "mine")
    assert offers() == ["mine"]
    monkeypatch.chdir(site)
    monkeypatch.setattr(sys, "path", ["/no/such/place", ""])  # an empty place is the current folder
    assert offers() == ["mine"]


def test_metadata_is_not_asked_where_no_file_names_the_group(
    site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes longer than all else of a start."""
    monkeypatch.setattr("importlib.metadata.entry_points", lambda **_: pytest.fail("asked"))
    package(site, "other", group="console_scripts")
    (site / "nothing-1.0.dist-info").mkdir()  # most packages offer nothing
    assert offers() == []
    package(site, "torn", ending="egg-info")
    with pytest.raises(BaseException, match="asked"):
        offers()


def test_an_archive_may_always_offer_something(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("mine-1.0.dist-info/METADATA", "Name: mine\nVersion: 1.0\n")
        archive.writestr("mine-1.0.dist-info/entry_points.txt", f"[{GROUP}]\nmine = m:x\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "a.zip")])
    assert offers() == ["mine"]

"""Where the file of settings is looked for."""

from __future__ import annotations

import os
import sys

import pytest

from lossmon.where import VARIABLE, settings_file

HOME = os.path.expanduser("~/.config/lossmon/config.toml")


@pytest.mark.parametrize(
    ("named", "xdg", "found"),
    [
        ("/etc/other.toml", "/xdg", "/etc/other.toml"),
        ("~/mine.toml", "/xdg", os.path.expanduser("~/mine.toml")),
        ("", "/xdg", "/xdg/lossmon/config.toml"),
        ("", "  ", HOME),
        ("", "", HOME),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere platformdirs says it")
def test_on_linux_it_is_found_without_a_package_that_takes_time_to_import(
    monkeypatch: pytest.MonkeyPatch, named: str, xdg: str, found: str
) -> None:
    monkeypatch.setitem(sys.modules, "platformdirs", None)  # to import it fails
    monkeypatch.setenv(VARIABLE, named)
    monkeypatch.setenv("XDG_CONFIG_HOME", xdg)
    assert settings_file() == found

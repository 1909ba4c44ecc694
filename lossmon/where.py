"""Where the file of settings is, all that most starts need of it; and the folder one is in."""

from __future__ import annotations

import os
import sys

VARIABLE = "LOSSMON_CONFIG"


def working_folder() -> str:
    """The folder that the program was started in; empty where it was removed meanwhile."""
    try:
        return os.getcwd()
    except OSError:
        return ""


def settings_file() -> str:
    """Its path, whether the file is there or not."""
    named = os.environ.get(VARIABLE)
    if named:
        return os.path.expanduser(named)
    if sys.platform == "linux":  # as below, which takes an eighth of a start to say it
        folder = os.environ.get("XDG_CONFIG_HOME", "").strip() or os.path.expanduser("~/.config")
        return os.path.join(folder, "lossmon", "config.toml")
    from platformdirs import user_config_dir

    return os.path.join(user_config_dir("lossmon"), "config.toml")

"""What a user types, and what it leads to: a table of targets, and of those that are refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import lossmon
from lossmon import settings
from lossmon.errors import ConfigError, TargetError
from lossmon.logs.hosts import (
    as_flags,
    host_of,
    location_of,
    prefix_of,
    resolve,
    use_config,
    use_options,
)
from lossmon.logs.openssh import Host
from lossmon.logs.schemes import stores
from lossmon.logs.schemes.stores import address
from lossmon.logs.target import Target, check_local, parse
from lossmon.settings import NamedHost
from tests.conftest import falling, training_rows, write_jsonl
from tests.modes import modes_hold


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    (tmp_path / "a:b").write_text("")
    (tmp_path / "x[1-2]:y").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("-", Target("stdin", "-")),
        ("runs", Target("local", "runs")),
        ("~/runs", Target("local", "/home/me/runs")),
        ("a:b", Target("local", "a:b")),  # it is there
        ("a:c", Target("ssh", "c", "a")),
        ("./a:c", Target("local", "./a:c")),
        ("a:", Target("ssh", ".", "a")),
        ("me@a:~/x", Target("ssh", "~/x", "a", "me")),
        ("[::1]:x", Target("ssh", "x", "::1")),
        ("[fe80::1%eth0]:x", Target("ssh", "x", "fe80::1%eth0")),
        ("a b:c", Target("local", "a b:c")),
        ("ssh://a", Target("ssh", ".", "a")),
        ("ssh://a/", Target("ssh", ".", "a")),
        ("ssh://a/x", Target("ssh", "/x", "a")),
        ("ssh://a/~/x", Target("ssh", "~/x", "a")),
        ("ssh://a/./x", Target("ssh", "./x", "a")),
        ("ssh://me@a:22/x", Target("ssh", "/x", "a", "me", 22)),
        ("ssh://a:65535/x", Target("ssh", "/x", "a", "", 65535)),
        ("ssh://slurm/x", Target("ssh", "/x", "slurm")),
        ("ssh://a/slurm:", Target("ssh", "slurm:", "a")),
        ("slurm:", Target("slurm", "slurm:")),
        ("slurm:42,43_1", Target("slurm", "slurm:42,43_1")),
        ("slurm:runs", Target("ssh", "runs", "slurm")),  # a box that is called so
        ("a:slurm:42", Target("ssh", "slurm:42", "a")),
        ("docker:web", Target("docker", "web", heading="docker:")),
        ("me@a:docker:web", Target("docker", "web", "a", "me", heading="docker:")),
        ("s3://b", Target("stores", "", heading="s3://b/")),
        ("s3://b/x/", Target("stores", "x", heading="s3://b/")),
        ("sftp://me@h:22/x", Target("stores", "x", heading="sftp://me@h:22/")),
        ("https://h/x/?a=1#b", Target("web", "x/?a=1", heading="https://h/")),
        ("mlflow+http://h:5/", Target("mlflow", "", heading="mlflow+http://h:5/")),
        ("mlflow+https://h/a%20b/c/", Target("mlflow", "a b/c", heading="mlflow+https://h/")),
    ],
)
def test_a_target(text: str, target: Target) -> None:
    assert parse(text) == target
    assert resolve(text) == [target]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "an empty target; name a log file or a folder"),
        ("ssh://", "ssh://: not an address"),
        ("ssh://a:x/y", "not an address"),
        ("ssh://a:0/y", "not an address"),
        ("ssh://a:65536/y", "not an address"),
        ("ssh://-a/y", "must not begin with '-'"),
        ("-x@a:y", "must not begin with '-'"),
        ("a:-y", "must not begin with '-'"),
        ("a:y\0", "not an address"),
        ("ftp://a/b", "ftp://a/b: no kind of place that is read"),
        ("a:s3://b/c", "is read from here, not behind a box"),
        ("s3://", "not an address; write s3://bucket/folder"),
        ("s3://a b/c", "not an address"),
        ("s3://a::b/c", "not an address"),
        ("s3://a/\0", "not an address"),
        ("https://me:secret@h/x", "https://: no password in an address"),
        ("mlflow+http://me:secret@h/x", "mlflow+http://...: not an address"),
    ],
)
def test_what_is_no_target_is_one_line_without_a_secret(text: str, says: str) -> None:
    with pytest.raises(TargetError) as caught:
        parse(text)
    assert says in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("s3://b/c/d", ("s3", "b", "c/d")),
        ("s3://b", ("s3", "b", "")),
        ("az://me@b/c\nd", ("az", "me@b", "c\nd")),
        (f"s3://{'b' * 255}/", ("s3", "b" * 255, "")),
    ],
)
def test_the_parts_of_an_address(text: str, parts: tuple[str, str, str]) -> None:
    assert address(text) == parts
    with pytest.raises(TargetError, match="not an address"):
        address(f"s3://{'b' * 256}/")


@pytest.mark.parametrize(
    ("place", "lacking", "says"),
    [
        ("s3://b/x", "s3fs", "s3fs is needed; pip install 'lossmon[stores]'"),
        ("s3://b/x", "fsspec", "fsspec is needed; pip install 'lossmon[stores]'"),
        ("s3://b/x", "other", ""),
        ("s3a://b/x", "s3fs", "s3fs is needed; pip install 'lossmon[stores]'"),
        ("gs://b/x", "gcsfs", "gcsfs is needed; pip install gcsfs"),
        ("gs://b/x", "fsspec", "fsspec is needed; pip install 'lossmon[stores]'"),
        ("gs://b/x", "s3fs", ""),
        ("gcs://b/x", "gcsfs", "gcsfs is needed; pip install gcsfs"),
        ("az://b/x", "adlfs", "adlfs is needed; pip install adlfs"),
        ("abfs://b/x", "adlfs", "adlfs is needed; pip install adlfs"),
        ("abfss://b/x", "adlfs", "adlfs is needed; pip install adlfs"),
        ("hf://b/x", "huggingface_hub", "huggingface_hub is needed; pip install huggingface_hub"),
    ],
)
def test_a_package_that_a_store_needs_is_named(
    place: str, lacking: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "find_spec", lambda name: None if name == lacking else object())
    target = parse(place)
    if not says:
        stores.SCHEME.check(target)
        return
    with pytest.raises(TargetError) as told:
        stores.SCHEME.check(target)
    assert str(told.value) == f"{place}: to read this, {says}"


NAMED = {
    "lab": NamedHost(("~/exp", "/data"), "ann@gpu7.lab", ("Port=2",)),
    "gpu1": NamedHost(),
    "gpu2": NamedHost(("x",)),
    "bare": NamedHost(()),
}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lab", ["lab:~/exp", "lab:/data"]),
        ("gpu[1-2]", ["gpu1:.", "gpu2:x"]),
        ("gpu[1-3]", ["gpu[1-3]"]),  # of one nobody has said anything: a pattern
        ("gpu[1-3]:y", ["gpu1:y", "gpu2:y", "gpu3:y"]),
        ("x[1-2]:y", ["x[1-2]:y"]),  # it is there
        ("lab:x", ["lab:x"]),
        ("bare", ["bare:."]),
        ("other", ["other"]),
        ("./lab", ["./lab"]),
    ],
)
def test_a_box_that_is_named_in_the_settings(text: str, found: list[str]) -> None:
    settings.say(hosts=NAMED)
    assert [location_of(one) for one in resolve(text)] == found


def test_a_folder_goes_before_a_box_of_its_name(folder: Path) -> None:
    settings.say(hosts=NAMED)
    (folder / "lab").mkdir()
    assert resolve("lab") == [Target("local", "lab")]


@pytest.mark.parametrize(
    ("target", "host", "prefix"),
    [
        (Target("ssh", "x", "a"), Host("a", options=("Port=1",), config_file="/c"), "a:"),
        (
            Target("ssh", "x", "a", "me", 5),
            Host("a", "me", 5, ("Port=1",), "/c"),
            "me@a:5:",
        ),
        (
            Target("ssh", "x", "lab"),
            Host("gpu7.lab", "ann", None, ("Port=1", "Port=2"), "/c", "lab"),
            "lab:",
        ),
        (
            Target("docker", "x", "lab", "bob", 6, "docker:"),
            Host("gpu7.lab", "bob", 6, ("Port=1", "Port=2"), "/c", "bob@lab:6"),
            "bob@lab:6:docker:",
        ),
        (
            Target("ssh", "x", "gpu1"),
            Host("gpu1", "", None, ("Port=1",), "/c", "gpu1"),
            "gpu1:",
        ),
    ],
)
def test_what_ssh_is_told_of_a_box(target: Target, host: Host, prefix: str) -> None:
    settings.say(hosts=NAMED, ssh_options=("Port=1",), ssh_config="/c")
    assert host_of(target) == host
    assert prefix_of(target) == prefix
    assert location_of(target) == prefix + target.path


def test_what_the_command_line_says_of_ssh_is_handed_on(folder: Path) -> None:
    assert as_flags() == []
    (folder / "conf").write_text("")
    use_config("conf")
    use_options(("Port=2", "User me"))
    assert as_flags() == ["-F", f"{folder}/conf", "--ssh-option=Port=2", "--ssh-option=User me"]
    with pytest.raises(TargetError, match="-F none: no such file, or it can't be read"):
        use_config("none")
    with pytest.raises(ConfigError, match="host keys are always checked"):
        use_options(("StrictHostKeyChecking=no",))


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("a:b", ""),
        (".", ""),
        ("dangling", ""),  # it may come
        ("a*", ""),
        ("z*", "z*: matches no file; check the pattern, and quote it"),
        ("dangle", "dangle: no such file or folder; did you mean dangling?"),
        ("zzz", "zzz: no such file or folder; check the spelling"),
        ("none/zzz", "none/zzz: no such file or folder; check the spelling"),
        ("dir/lgo.txt", "dir/lgo.txt: no such file or folder; did you mean dir/log.txt?"),
    ],
)
def test_a_path_here(folder: Path, path: str, says: str) -> None:
    os.symlink("nowhere", folder / "dangling")
    (folder / "dir").mkdir()
    (folder / "dir" / "log.txt").write_text("")
    if not says:
        check_local(path)
        return
    with pytest.raises(TargetError) as caught:
        check_local(path)
    assert str(caught.value) == says


@pytest.mark.parametrize("path", ["secret", "closed", "closed/log.txt"])
def test_what_may_not_be_read_is_said(folder: Path, path: str) -> None:
    (folder / "secret").write_text("")
    (folder / "secret").chmod(0)
    (folder / "closed").mkdir()
    (folder / "closed" / "log.txt").write_text("")
    (folder / "closed").chmod(0)
    with modes_hold(), pytest.raises(TargetError, match=f"{path}: permission denied; ask its"):
        check_local(path)
    (folder / "closed").chmod(0o700)  # pytest removes it


def test_in_a_folder_that_was_removed_only_whole_paths_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for path in (".", "a.log", "*.log"):
        with pytest.raises(TargetError, match="the folder you are in was removed"):
            lossmon.read(path)
    whole = write_jsonl(tmp_path / "a.jsonl", training_rows(falling(20)))
    assert len(lossmon.read(whole)) == 20

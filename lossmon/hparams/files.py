"""Files beside a log that hold settings: which there are, and how each is read."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from lossmon import regular
from lossmon.hparams.flat import Value, flat, scalar

Found = tuple[dict[str, Value], str]  # the settings, and the name of the run

MOST_BYTES = 1 << 18  # of one file
_MOST_FILES = 200  # of MLflow's, one a setting


def _yaml(data: bytes, path: str) -> Found:
    """YAML without its tags: `!!python/object` makes nothing but a table."""
    import yaml

    class Plain(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
        """Knows no tag that would make an object."""

    def plain(loader: Any, _: str, node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return loader.construct_mapping(node, deep=True)
        if isinstance(node, yaml.SequenceNode):
            return loader.construct_sequence(node, deep=True)
        return loader.construct_scalar(node)

    Plain.add_multi_constructor("", plain)
    try:
        nested = yaml.load(data, Loader=Plain)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError):
        return {}, ""
    if os.path.basename(path) == "overrides.yaml" and isinstance(nested, list):
        pairs = [str(one).lstrip("+~").split("=", 1) for one in nested if "=" in str(one)]
        return flat({name: scalar(value) for name, value in pairs}), ""
    if os.path.basename(path) == "meta.yaml":  # MLflow's, of a run
        named = nested.get("run_name") if isinstance(nested, dict) else None
        return {}, named if isinstance(named, str) else ""
    return (flat(nested) if isinstance(nested, dict) else {}), ""


_ENDED = {b"3": "FINISHED", b"4": "FAILED", b"5": "KILLED"}  # of MLflow's RunStatus
_STATUS = re.compile(rb"(?m)^status: ['\"]?(\d)['\"]?\s*$")


def status_in(folder: str, files: Mapping[str, bytes] | None) -> str:
    """How MLflow says that the run of a folder ended; empty where it does not say so.

    Args:
        folder: of the run; the same as for `beside`.
        files: likewise.
    """
    path = os.path.join(folder, "meta.yaml")
    data = head_of(path) if files is None else files.get(f"{folder}/meta.yaml")
    told = _STATUS.search(data or b"")
    return _ENDED.get(told[1], "") if told else ""


def _json(data: bytes, path: str) -> Found:
    try:
        nested = orjson.loads(data)
    except orjson.JSONDecodeError:
        try:
            nested = json.loads(data)  # with NaN in it
        except (ValueError, RecursionError):
            return {}, ""
    if not isinstance(nested, dict):
        return {}, ""
    if os.path.basename(path) == "wandb-metadata.json":
        git = nested.get("git")
        commit = git.get("commit") if isinstance(git, dict) else None
        about = {"git commit": commit, "python": nested.get("python")}
        return flat({name: value for name, value in about.items() if value}), ""
    return flat(nested), ""


def _clearml(data: bytes, _: str) -> Found:
    """ClearML's task: sections of values, each a text with its type beside it."""
    try:
        task = orjson.loads(data)
    except orjson.JSONDecodeError:
        return {}, ""
    sections = task.get("hyperparams") if isinstance(task, dict) else None
    if not isinstance(sections, dict):
        return {}, ""
    alone = next(iter(sections.values())) if len(sections) == 1 else None
    told = flat(alone if isinstance(alone, dict) else sections)
    script, name = task.get("script"), task.get("name")
    commit = script.get("version_num") if isinstance(script, dict) else None
    found = {key: scalar(one) if isinstance(one, str) else one for key, one in told.items()}
    found |= {"git commit": commit} if isinstance(commit, str) and commit else {}
    return flat(found), name[:200] if isinstance(name, str) else ""


def _training_args(data: bytes, _: str) -> Found:
    from lossmon.hparams.pickled import of_training_args

    return of_training_args(data), ""


def _requirements(data: bytes, _: str) -> Found:
    """Versions of the packages that make up a training; the other two hundred tell nothing."""
    named = re.findall(rb"(?m)^([\w.-]{1,40})==([\w.+!-]{1,40})\s*$", data)
    return {
        f"version {name.decode()}": version.decode()
        for name, version in named
        if name.lower() in _PACKAGES
    }, ""


_PACKAGES = {
    b"torch", b"transformers", b"lightning", b"pytorch-lightning", b"accelerate", b"deepspeed",
    b"peft", b"trl", b"datasets", b"jax", b"flax", b"tensorflow", b"keras", b"xgboost", b"lightgbm",
    b"catboost", b"scikit-learn", b"numpy", b"bitsandbytes", b"flash-attn", b"timm", b"diffusers",
}  # fmt: skip

Reader = Callable[[bytes, str], Found]

# Below a folder of the training, what tells most first: what the user chose before what a library
# makes of it.
FILES: tuple[tuple[str, Reader], ...] = (
    (".hydra/overrides.yaml", _yaml),
    (".hydra/config.yaml", _yaml),
    ("hparams.yaml", _yaml),
    ("hparams.yml", _yaml),
    ("hparams.json", _json),
    ("args.yaml", _yaml),
    ("args.yml", _yaml),
    ("args.json", _json),
    ("params.yaml", _yaml),
    ("params.json", _json),
    ("hyp.yaml", _yaml),
    ("opt.yaml", _yaml),
    ("training_args.yaml", _yaml),
    ("training_args.json", _json),
    ("config.yaml", _yaml),
    ("config.yml", _yaml),
    ("config.json", _json),
    ("files/config.yaml", _yaml),
    ("files/wandb-metadata.json", _json),
    ("wandb-metadata.json", _json),
    ("training_args.bin", _training_args),
    ("task.json", _clearml),
    ("adapter_config.json", _json),
    ("meta.yaml", _yaml),
    ("requirements.txt", _requirements),
    ("files/requirements.txt", _requirements),
)


def names_beside(folder: str) -> list[str]:
    """What there may be, below a folder on this machine, that says how a training was set up."""
    try:
        there = {entry.name for entry in os.scandir(folder)}
    except OSError:
        return []
    names = (*(name for name, _ in FILES), "params")
    return [name for name in names if name.split("/")[0] in there]


def beside(folder: str, files: Mapping[str, bytes] | None = None) -> dict[str, Found]:
    """What a folder's files say, by the file.

    Args:
        folder: on this machine, or as `host:path`.
        files: of another box, as they were brought from there, by their path; None for here.
    """
    found: dict[str, Found] = {}
    if files is not None:
        for name, reader in FILES:
            data = files.get(f"{folder}/{name}")
            if data is not None:
                found[name] = reader(data, name)
        start = f"{folder}/params/"
        told = {path[len(start) :]: data for path, data in files.items() if path.startswith(start)}
        if told:
            found["params"] = flat({name: _scalar(data) for name, data in told.items()}), ""
        return found
    there = names_beside(folder)
    for name, reader in FILES:
        if name in there and (data := head_of(os.path.join(folder, name))):
            found[name] = reader(data, name)
    if "params" in there:
        found["params"] = _params(os.path.join(folder, "params"))
    return found


def _params(folder: str) -> Found:
    """MLflow's: a file for each setting; the commit is a tag beside them."""
    settings: dict[str, Value] = {}
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file())
    except OSError:
        return {}, ""
    for name in names[:_MOST_FILES]:
        data = head_of(os.path.join(folder, name))
        settings |= flat({name: _scalar(data or b"")})
    commit = head_of(os.path.join(os.path.dirname(folder), "tags", "mlflow.source.git.commit"))
    if commit:
        settings |= flat({"git commit": commit.decode("ascii", "replace").strip()})
    return settings, ""


def _scalar(data: bytes) -> Value:
    return scalar(data.decode("utf-8", "replace"))


def head_of(path: str, most: int = MOST_BYTES) -> bytes | None:
    """The bytes of a plain file; None where it is none, can't be read, or is too large."""
    try:
        if os.path.getsize(path) > most:
            return None
        with open(path, "rb", opener=regular.opener) as file:
            return file.read(most)
    except OSError:
        return None

"""Settings of runs: each kind of file and dump, nested and bounded, secrets never."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lossmon.hparams import Hparams, read_hparams
from lossmon.hparams.compare import differing, find, same, setting
from lossmon.hparams.flat import flat, scalar
from lossmon.hparams.heads import of_text
from lossmon.monitor.whole import read_targets
from tests.conftest import falling, some_of, training_rows, write_jsonl

FILES = {
    "hparams.yaml": "lr: 0.001\nmodel:\n  layers: 2\n  act: !!python/name:torch.nn.relu ''\n",
    "config.json": '{"lr": 0.001, "model": {"layers": 2}}',
    ".hydra/config.yaml": "lr: 1e-3\nmodel: {layers: 2}\n",
    ".hydra/overrides.yaml": "- lr=0.001\n- +model.layers=2\n",
    "files/config.yaml": "wandb_version: 1\nlr: {desc: null, value: 0.001}\n"
    "_wandb: {value: {cli_version: 1}}\nmodel: {value: {layers: 2}}\n",
    "args.yaml": "!!python/object/apply:collections.OrderedDict\n- - - lr\n    - 0.001\n",
    "params/lr": "0.001",
}


@pytest.mark.parametrize("name", [name for name in FILES if name != "args.yaml"])
def test_a_file_beside_the_log(tmp_path: Path, name: str) -> None:
    write_jsonl(tmp_path / "run" / "log.jsonl", training_rows(falling(40)))
    path = tmp_path / "run" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(FILES[name])
    (update,) = read_targets([str(tmp_path)], judging="at the end").updates
    values = update.hparams.values
    assert same(values["lr"], "1e-3") or values["lr"] == "1e-3"  # YAML 1.1 takes 1e-3 for a word
    assert name == "params/lr" or values["model.layers"] == 2
    assert not any(key.startswith("_wandb") for key in values)


def test_no_tag_of_yaml_makes_an_object(tmp_path: Path) -> None:
    evil = tmp_path / "hparams.yaml"
    evil.write_text(f"a: !!python/object/apply:os.system ['touch {tmp_path}/x']\nlr: 2\n")
    found = read_hparams([(str(tmp_path / "log"), "csv", b"")], str(tmp_path))
    assert found.values["lr"] == 2
    assert not (tmp_path / "x").exists()


def test_a_folder_with_two_runs_says_nothing_of_either(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"lr": 1}')
    for name, start in (("a", 2.0), ("b", 3.0)):
        write_jsonl(tmp_path / name / "log.jsonl", training_rows(falling(40, start=start)))
        (tmp_path / name / "config.json").write_text('{"bs": 2}')
    for update in read_targets([str(tmp_path)], judging="at the end").updates:
        assert dict(update.hparams.values) == {"bs": 2}


HEADS = {
    "Namespace": "Namespace(lr=0.001, betas=(0.9, 0.95), name='a, b', fp16=True, seed=None)\n",
    "arguments": "TrainingArguments(\nlr=0.001,\nbetas=(0.9, 0.95),\nname='a, b',\nfp16=True,\n"
    "seed=None,\n)\n",
    "dict": "{'lr': 0.001, 'betas': (0.9, 0.95), 'name': 'a, b', 'fp16': True, 'seed': None}\n",
    "block": "config:\nlr: 0.001\nbetas: (0.9, 0.95)\nname: a, b\nfp16: true\nseed: null\n\n",
    "logged": "".join(
        f"2026-11-28 10:00:00,123 INFO {line}\n"
        for line in ("lr: 0.001", "betas: (0.9, 0.95)", "name: a, b", "fp16: true", "seed: none")
    ),
    "megatron": "------ arguments ------\n  lr .............. 0.001\n  betas ........... (0.9, 0.95)\n"
    "  name ............ a, b\n  fp16 ............ True\n  seed ............ None\n",
    "table": "| lr | 0.001 |\n| betas | (0.9, 0.95) |\n| name | a, b |\n| fp16 | True |\n| seed | None |\n",
}


@pytest.mark.parametrize("form", HEADS)
def test_a_dump_at_the_head_of_a_log(form: str) -> None:
    text = "loading\n" + HEADS[form] + "step 1 loss 2.0\nstep 2 loss 1.5\n"
    found = of_text(text.encode())
    assert found["lr"] == 0.001
    assert "0.9, 0.95" in str(found["betas"])
    assert (found["name"], found["fp16"], found["seed"]) == ("a, b", True, None)
    assert not {"step", "loss"} & set(found)


@pytest.mark.parametrize(
    "opened", some_of(["Namespace(", "Config(lr=", "Namespace(a=[", "RunArgs(x='"], 2)
)
def test_what_is_never_closed_is_gone_through_a_few_times(opened: str) -> None:
    """64 kB of "Namespace(" took half a minute: from each of them on the rest was read."""

    def lines_run(head: bytes) -> int:
        count = 0

        def traced(*_: Any) -> Any:
            nonlocal count
            count += 1
            return traced

        before = sys.gettrace()
        sys.settrace(traced)
        try:
            of_text(head)
        finally:
            sys.settrace(before)
        return count

    made = [f"{opened * 4}\n".encode() * copies for copies in (10, 80)]
    few, many = map(lines_run, made)
    assert many < 20 * few


def test_rows_of_a_training_are_no_settings() -> None:
    rows = "".join(f"epoch: {i}\nloss: {2 / (i + 1)}\nlr: 0.1\n" for i in range(30))
    assert of_text(rows.encode()) == {}


SECRETS = {
    "api_key": "abc", "wandb.api_key": "abc", "hub_token": "abc", "DB_PASSWORD": "x", "token": "t",
    "OPENAI_KEY": "8f3a9b2c1d4e5f60", "cmd": "train.py --token abcd1234efgh",
    "argv": "[--api-key, abcdef12345678]", "headers.Authorization": "Bearer x", "cookie": "a=b",
    "aws_secret_access_key": "x", "url": "https://me:pass@host/x", "note": "hf_abcdefghijklmnop12",
    "auth": "x", "slack_webhook_url": "https://hooks",
}  # fmt: skip


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_never_kept(name: str) -> None:
    nested: dict[str, object] = {"tokenizer": "t5", "num_tokens": 5, "pad_token_id": 0}
    assert set(flat({**nested, name: SECRETS[name], "deep": {name: SECRETS[name]}})) == set(nested)


@settings(max_examples=30)
@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), lambda one: (
    st.lists(one, max_size=4) | st.dictionaries(st.text(), one, max_size=4))))  # fmt: skip
def test_whatever_is_nested_becomes_a_bounded_table(nested: object) -> None:
    found = flat({"a": nested})
    assert len(found) <= 400
    json.dumps(found, allow_nan=False)


@given(st.binary(max_size=400))
def test_no_head_breaks_the_reading(head: bytes) -> None:
    for format_ in ("text", "wandb", "tensorboard", "csv"):
        read_hparams([("log", format_, head + b"hparams")], None)


def test_values_as_people_type_them() -> None:
    values = flat({"optim": {"learning_rate": 1e-4}, "per_device_train_batch_size": 8})
    run = type("Run", (), {"hparams": Hparams(values)})()
    assert (setting(run, "lr"), setting(run, "bs"), setting(run, "x")) == ("0.0001", "8", "-")
    assert same(values[find(values, "lr") or ""], "1e-4")
    assert [scalar(one) for one in ("1e-4", "'a'", "True", "None", "x")] == [
        1e-4, "a", True, None, "x",
    ]  # fmt: skip


def test_only_what_differs_is_compared_folders_last() -> None:
    runs = [
        type("Run", (), {"hparams": Hparams({"out": f"r{i}", "lr": i // 2, "seed": i, "bs": 8})})()
        for i in range(4)
    ]
    assert differing(runs) == ["lr", "seed", "out"]


def test_hparams_of_an_event_file() -> None:
    def field(number: int, body: bytes) -> bytes:
        return bytes([number << 3 | 2, len(body)]) + body

    value = b"\x11" + struct.pack("<d", 0.01)
    entry = field(1, b"lr") + field(2, value)
    content = field(3, field(1, entry))
    plugin = field(1, b"hparams") + field(2, content)
    event = field(
        5, field(1, field(1, b"_hparams_/session_start_info") + field(9, field(1, plugin)))
    )
    from lossmon.hparams.binary import _EventHead

    head = _EventHead()
    head._event(event)
    assert head.config == {"lr": 0.01}

"""Where settings lie and what each file says of them, a table a rule."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest

from lossmon.hparams import Hparams, read_hparams
from lossmon.hparams.binary import of_events, of_store, of_swanlab, of_wandb
from lossmon.hparams.compare import differing, find, same, setting, words
from lossmon.hparams.files import FILES, beside, head_of, status_in
from lossmon.hparams.flat import MOST, flat, scalar
from lossmon.hparams.heads import of_text
from tests.formats.samples import field, framed, swanlab_run, varint, version, wandb_file

READERS = dict(FILES)


@pytest.mark.parametrize(
    ("name", "text", "values", "called"),
    [
        (".hydra/overrides.yaml", "- lr=1e-3\n- +m.n=2\n- ~gone\n- ++a=b=c\n",
         {"lr": 1e-3, "m.n": 2, "a": "b=c"}, ""),
        ("hparams.yaml", "lr: 0.1\n", {"lr": 0.1}, ""),
        ("hparams.yaml", "- a\n", {}, ""),
        ("hparams.yaml", "a: [\n", {}, ""),
        ("hparams.yaml", "a: !!python/tuple [1, 2]\nb: !x {c: 3}\nd: !y e\n",
         {"a": "[1, 2]", "b.c": 3, "d": "e"}, ""),
        ("meta.yaml", "run_name: sft\nlifecycle: x\n", {}, "sft"),
        ("meta.yaml", "run_name: 3\n", {}, ""),
        ("meta.yaml", "- a\n", {}, ""),
        ("config.json", '{"lr": NaN, "n": 3}', {"lr": "nan", "n": 3}, ""),
        ("config.json", "[1]", {}, ""),
        ("config.json", "{", {}, ""),
        ("wandb-metadata.json", '{"git": {"commit": "abc"}, "python": "3.11", "os": "x"}',
         {"git commit": "abc", "python": "3.11"}, ""),
        ("wandb-metadata.json", '{"git": "abc"}', {}, ""),
        ("task.json", '{"hyperparams": {"Args": {"lr": {"value": "0.1", "type": "float"}}}, '
         '"name": "tune", "script": {"version_num": "abc"}}',
         {"lr": 0.1, "git commit": "abc"}, "tune"),
        ("task.json", '{"hyperparams": {"A": {"x": {"value": "1"}}, "B": {"x": {"value": "2"}}}}',
         {"A.x": 1, "B.x": 2}, ""),
        ("task.json", '{"hyperparams": 3}', {}, ""),
        ("task.json", "{", {}, ""),
        ("requirements.txt", "torch==2.1.0\nrequests==2.0\nNumPy==1.26\n# jax==1\nkeras>=3\n",
         {"version torch": "2.1.0", "version NumPy": "1.26"}, ""),
        ("training_args.bin", "no zip", {}, ""),
    ],
)  # fmt: skip
def test_a_file_says(name: str, text: str, values: dict[str, object], called: str) -> None:
    assert READERS[name](text.encode(), name) == (values, called)


@pytest.mark.parametrize("here", [True, False])
def test_all_files_of_a_folder_are_read_what_tells_most_first(tmp_path: Path, here: bool) -> None:
    files = {
        "config.yaml": "lr: 0.1\n",
        ".hydra/overrides.yaml": "- lr=0.2\n",
        "params/wd": "0.5",
        "params/act": "relu",
        "params/sub/x": "1",
        "other.yaml": "lr: 9\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    brought = {f"box:/r/{name}": text.encode() for name, text in files.items() if "sub" not in name}
    found = beside(str(tmp_path)) if here else beside("box:/r", brought)
    assert list(found) == [".hydra/overrides.yaml", "config.yaml", "params"]
    assert found["params"] == ({"act": "relu", "wd": 0.5}, "")
    logs = [(str(tmp_path / "log.csv") if here else "box:/r/log.csv", "csv", b"")]
    told = read_hparams(logs, str(tmp_path) if here else "box:/r", None if here else brought)
    assert told.values == {"lr": 0.2, "act": "relu", "wd": 0.5}
    assert len(told.sources) == 2  # what only repeats is no source
    assert beside(str(tmp_path / "none")) == {}


def test_the_commit_of_mlflow_is_a_tag(tmp_path: Path) -> None:
    (tmp_path / "params").mkdir()
    (tmp_path / "tags").mkdir()
    (tmp_path / "tags" / "mlflow.source.git.commit").write_text("abc\n")
    assert beside(str(tmp_path))["params"] == ({"git commit": "abc"}, "")


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("status: 1\n", ""), ("status: 3\n", "FINISHED"), ("x: 1\nstatus: '4'\n", "FAILED"),
        ('status: "5"', "KILLED"), ("status: 33\n", ""), ("a status: 3\n", ""), (None, ""),
    ],
)  # fmt: skip
def test_how_mlflow_says_that_a_run_ended(tmp_path: Path, text: str | None, ended: str) -> None:
    if text is not None:
        (tmp_path / "meta.yaml").write_text(text)
    brought = {} if text is None else {"box:/r/meta.yaml": text.encode()}
    assert status_in(str(tmp_path), None) == ended
    assert status_in("box:/r", brought) == ended
    here = [(str(tmp_path / "metrics" / "loss"), "mlflow", b"")]
    assert read_hparams(here, str(tmp_path)).ended == ended
    other = [(str(tmp_path / "log.csv"), "csv", b"")]
    assert read_hparams(other, str(tmp_path)).ended == ""


def test_a_file_is_read_whole_or_not_at_all(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 10)
    assert head_of(str(tmp_path / "a"), 10) == b"x" * 10
    assert head_of(str(tmp_path / "a"), 9) is None
    assert head_of(str(tmp_path)) is None
    assert head_of(str(tmp_path / "b")) is None


@pytest.mark.parametrize(
    ("folder", "name"),
    [("12", "lr=0.2,m.n=3"), ("2026-01-02_10-11-12", "lr=0.2,m.n=3"), ("10-11-12", "lr=0.2,m.n=3"),
     ("sft", ""), ("1234567", "")],
)  # fmt: skip
def test_a_folder_called_after_a_number_is_told_by_what_was_overridden(
    tmp_path: Path, folder: str, name: str
) -> None:
    place = tmp_path / folder / ".hydra"
    place.mkdir(parents=True)
    (place / "overrides.yaml").write_text("- lr=0.2\n- m.n=3\n- hydra.job=x\n")
    log = (str(tmp_path / folder / "logs" / "x.csv"), "csv", b"")
    assert read_hparams([log], str(tmp_path / folder)).name == name
    assert read_hparams([log], None) == Hparams()


def test_settings_lie_between_a_log_and_its_training_s_folder(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*"abcdefghij")
    deep.mkdir(parents=True)
    near = tmp_path / "a" / "b" / "c"  # eight folders from the log, itself counted
    places = [tmp_path.parent, tmp_path, tmp_path / "a", near.parent, near, deep.parent]
    for number, place in enumerate(places):
        (place / "params.json").write_text(json.dumps({f"at{number}": 1, "lr": number}))
    found = read_hparams([(str(deep / "x.csv"), "csv", b"")], str(tmp_path)).values
    assert found == {"at5": 1, "lr": 5, "at4": 1, "at1": 1}  # the nearest first; `b` is too far
    (tmp_path.parent / "params.json").unlink()


def config(name: str, value: object, *nested: str) -> bytes:
    told = field(1, name.encode()) if name else b"".join(field(2, one.encode()) for one in nested)
    return field(1, told + field(16, json.dumps(value).encode()))


def test_what_wandb_notes_of_a_run() -> None:
    run = field(4, config("lr", 0.1) + config("", 2, "model", "layers")) + field(9, b"sft-7")
    run += field(21, field(1, b"url") + field(2, b"abc"))
    broken = field(1, field(1, b"bad") + field(16, b"{"))
    later = field(5, config("lr", 0.2) + broken + field(2, config("no", 1)))
    found = of_wandb(wandb_file([field(17, run), later, field(6, b"x")]))
    assert found == ({"lr": 0.2, "model.layers": 2, "git commit": "abc"}, "sft-7")


def test_what_swanlab_and_stores_call_a_run() -> None:
    assert of_swanlab(swanlab_run(name="tiny")) == ({}, "tiny")
    assert of_store(b'{"config": {"a": {"b": 1}}, "name": "x"}\nrows') == ({"a.b": 1}, "x")
    assert of_store(b'{"config": 3, "name": 4}') == ({}, "")
    assert of_store(b"{") == ({}, "")


def number(value: float) -> bytes:
    return varint(2 << 3 | 1) + struct.pack("<d", value)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (number(0.5), 0.5), (number(3.0), 3), (number(2.0**53), 2.0**53),
        (number(2.0**53 - 1), 2**53 - 1), (field(3, b"adam"), "adam"), (field(4, 1), True),
        (field(4, 0), False), (b"", None), (field(1, 0), None),
    ],
)  # fmt: skip
def test_a_setting_of_an_event_file(value: bytes, read: object) -> None:
    session = field(3, field(1, field(1, b"x") + field(2, value)) + field(2, b"other"))
    event = field(5, field(1, field(9, field(1, field(1, b"hparams") + field(2, session)))))
    found = of_events(framed(version()) + framed(event) + framed(field(5, b"hparams")))
    assert found == {"x": read}
    assert type(found["x"]) is type(read)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-3", -3), ("+3", 3), ("1.", 1.0), (".5", 0.5), ("1e5", 1e5), ("1e999", "1e999"),
        ("9" * 18, int("9" * 18)), ("9" * 19, "9" * 19), ("true", True), ("FALSE", False),
        ("None", None), ("null", None), ("~", None), ("", None), (" x , ", "x"), ("'a,'", "a,"),
        ('"1"', "1"), ("'", "'"), ("'a\"", "'a\""), ("1 2", "1 2"), ("nan", "nan"),
        ("x" * 200, "x" * 200), ("x" * 201, "x" * 199 + "…"),
    ],
)  # fmt: skip
def test_a_value_as_it_was_printed(text: str, value: object) -> None:
    assert scalar(text) == value
    assert type(scalar(text)) is type(value)


@pytest.mark.parametrize(
    ("nested", "table"),
    [
        ({"a": {"b": {"c": 1}}}, {"a.b.c": 1}),
        ({"a": {"value": 1, "desc": "x"}}, {"a": 1}),
        ({"a": {"value": 1, "other": 2}}, {"a.value": 1, "a.other": 2}),
        ({"_wandb": {"v": 1}, "wandb_version": 1, "_Group": "x", "_x": 1}, {"_x": 1}),
        ({"a": list(range(16)), "b": list(range(17))}, {"a": str(list(range(16)))}),
        ({"a": [1, {"b": 2}], "c": (1, None, "x")}, {"c": "[1, None, x]"}),
        ({"a": float("inf"), "b": 2**63, "c": 2**63 - 1, "d": None, "e": True},
         {"a": "inf", "b": str(2**63), "c": 2**63 - 1, "d": None, "e": True}),
        ({"a": {"token": "x"}, "token.a": 1}, {"token.a": 1}),
        ({"a\x1b": "b\x1b"}, {"a": "b"}),
        ("text", {}),
        ({"a": {1: 2}}, {"a.1": 2}),
        ({"a.b": 1, "a": {"b": 2}}, {"a.b": 1}),
    ],
)  # fmt: skip
def test_nested_settings_are_one_table(nested: object, table: dict[str, object]) -> None:
    assert flat(nested) == table


def test_a_table_has_its_bounds() -> None:
    assert len(flat({str(at): at for at in range(MOST + 1)})) == MOST
    deep: object = 1
    for _ in range(8):
        deep = {"a": deep}
    assert flat(deep) == {".".join("a" * 8): 1}
    assert flat({"a": deep}) == {}


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("lr", "opt.learning_rate"), ("LR", "opt.learning_rate"), ("learning_rate", None),
        ("opt.learning_rate", "opt.learning_rate"), ("batch_size", "train.batch"),
        ("wd", None), ("rate", None), ("seed", "seed"), ("SEED", "seed"),
    ],
)  # fmt: skip
def test_a_setting_is_meant_by_a_name(name: str, means: str | None) -> None:
    values = {"opt.learning_rate": 1, "x.y.lr_scheduler.learning_rate": 2, "train.batch": 3,
              "seed": 4, "a.seed": 5}  # fmt: skip
    if name == "learning_rate":
        means = "opt.learning_rate"  # of two that end so the shorter
    assert find(values, name) == means


@pytest.mark.parametrize(
    ("value", "shown", "typed", "other"),
    [
        (1e-4, "0.0001", "1e-4", "1.1e-4"), (True, "true", "True", "1"), (None, "none", "none", ""),
        ("Adam", "Adam", "adam", "sgd"), (3, "3", "3.0", "x"), (0.1 + 0.2, "0.3", "0.3", "0.31"),
    ],
)  # fmt: skip
def test_a_value_as_it_is_shown_and_typed(
    value: object, shown: str, typed: str, other: str
) -> None:
    assert words(value) == shown  # type: ignore[arg-type]
    assert same(value, typed)  # type: ignore[arg-type]
    assert not same(value, other)  # type: ignore[arg-type]


def test_runs_differ_in_what_not_all_have_alike() -> None:
    def run(**values: object) -> object:
        return type("Run", (), {"hparams": Hparams(values)})()  # type: ignore[arg-type]

    runs = [run(a=1, b=1, out="x", only=1), run(a=1, b=2, out="y"), run(a=1, b=2, out="z")]
    assert differing(runs) == ["b", "only", "out"]  # type: ignore[arg-type]
    assert differing(runs[:2]) == ["b", "out", "only"]  # type: ignore[arg-type]
    assert setting(runs[1], "only") == "-"  # type: ignore[arg-type]
    assert differing([]) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Namespace(lr=0.1, a='x,y)', b=[1, (2)], c=None)\n", {"lr": 0.1, "a": "x,y)", "b": "[1, (2)]", "c": None}),
        ("TrainArgs(a=1, b=2, c=3, d='it\\'s') e=5\n", {"a": 1, "b": 2, "c": 3, "d": "it\\'s"}),
        ("Namespace(a=1, b=2, c=3, d=4)\nNamespace(a=5)\n", {"a": 1, "b": 2, "c": 3, "d": 4}),
        ("lr: 0.1\nbs: 2\nwd: 0\n", {"lr": 0.1, "bs": 2, "wd": 0}),
        ("lr: 0.1\nbs: 2\n", {}),  # two are no dump
        ("lr: 0.1\nhello there\nbs: 2\nwd: 0\n", {}),
        ("lr: 0.1\nbs: 2\n-----\nwd: 0\n", {"lr": 0.1, "bs": 2, "wd": 0}),
        ("| lr | 0.1 |\n| bs | 2 |\n| wd | |\n| x | y |\n", {"lr": 0.1, "bs": 2, "x": "y"}),
        ("│ lr │ 0.1 ││ bs │ 2 │\n│ wd │ 0 │\n", {"lr": 0.1, "bs": 2, "wd": 0}),
        ("{'lr': 0.1, 'b': {'c': 2}, 'd': 3}\n", {"lr": 0.1, "b.c": 2, "d": 3}),
        ("{'lr': 0.1, 'b': 2}\n", {}),
        ("{'loss': 0.1, 'b': 2, 'c': 3}\n", {}),
        ("lr: 0.1\nbs: 2\nstep 1 loss 2.0\nwd: 0\nx: 1\ny: 2\nz: 3\n", {}),
        ("[2026-01-01 10:00:00] lr: 0.1\nINFO bs=2\nmain.py - wd .... 0\n",
         {"lr": 0.1, "bs": 2, "wd": 0}),
        ("http: //x\nlr: 1\nbs: 2\nwd: 3\n", {"lr": 1, "bs": 2, "wd": 3}),
    ],
)  # fmt: skip
def test_what_a_program_prints_of_its_arguments(text: str, found: dict[str, object]) -> None:
    assert of_text(text.encode()) == found


@pytest.mark.parametrize("format_", ["text", "hf-stdout", "csv"])
def test_only_the_head_of_printed_text_is_looked_at(format_: str, tmp_path: Path) -> None:
    (tmp_path / "x.log").write_text("lr: 0.1\nbs: 2\nwd: 0\n")
    found = read_hparams([(str(tmp_path / "x.log"), format_, None)], None)
    assert dict(found.values) == ({} if format_ == "csv" else {"lr": 0.1, "bs": 2, "wd": 0})
    assert read_hparams([(str(tmp_path / "none"), format_, None)], None) == Hparams()

"""What is beside a setting and is none: other fields, other kinds, one character more than is kept."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from lossmon.hparams import Hparams, binary, heads, pickled, read_hparams
from lossmon.hparams.binary import of_store, of_wandb
from lossmon.hparams.compare import differing, same
from lossmon.hparams.files import FILES, MOST_BYTES, beside, head_of, names_beside
from lossmon.hparams.flat import MOST, flat, scalar
from lossmon.hparams.heads import of_text
from lossmon.hparams.pickled import of_training_args
from tests.formats.samples import field, framed, varint, wandb_file
from tests.hparams.test_trackers import saved

READERS = dict(FILES)
Make = Callable[..., bytes]


def fixed(number: int) -> bytes:
    """A field of eight bytes."""
    return varint(number << 3 | 1) + struct.pack("<d", 0.5)


def amid(number: int, content: bytes) -> bytes:
    """A field between others: the same content elsewhere, and other kinds under its number."""
    others = field(number + 1, content) + field(number, 7) + fixed(number)
    return others + field(number, content) + field(number + 30, content) + field(number, 9)


def alone(number: int, content: bytes) -> bytes:
    return field(number, content)


@pytest.mark.parametrize("put", [alone, amid], ids=["alone", "amid others"])
def test_a_field_is_told_by_its_number_and_its_kind(put: Make) -> None:
    entry = put(1, put(1, b"lr") + put(16, b"0.1"))
    run = field(17, put(4, entry) + put(9, b"sft") + put(21, put(2, b"abc")))
    assert of_wandb(wandb_file([run])) == ({"lr": 0.1, "git commit": "abc"}, "sft")
    later = wandb_file([put(5, put(1, put(2, b"m") + put(2, b"n") + put(16, b"3")))])
    assert of_wandb(later) == ({"m.n": 3}, "")


@pytest.mark.parametrize("put", [alone, amid], ids=["alone", "amid others"])
def test_a_setting_of_tensorboard_lies_five_messages_deep(put: Make) -> None:
    head = binary._EventHead()
    session = put(3, put(1, put(1, b"lr") + put(2, field(3, b"adam"))))
    head._event(put(5, put(1, put(9, put(1, field(1, b"hparams") + put(2, session))))))
    assert head.config == {"lr": "adam"}
    for depth in range(5):  # one message less
        message = session
        for number in [one for at, one in enumerate((2, 1, 9, 1, 5)) if at != depth]:
            message = field(number, message)
        other = binary._EventHead()
        other._event(field(7, b"hparams") + message)
        assert other.config == {}


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (field(2, 7), None), (field(3, 7), None), (field(4, b"x"), None), (fixed(3), None),
        (fixed(4), None), (fixed(2), 0.5), (field(5, 7) + field(3, b"a"), "a"),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_none(data: bytes, value: object) -> None:
    assert binary._value(data) == value


def test_another_field_of_the_same_kind_is_another_thing() -> None:
    def setting(name: bytes) -> bytes:
        return field(1, name) + field(16, b"1")

    config = field(1, setting(b"lr")) + field(2, setting(b"bs"))
    run = field(4, config) + field(21, field(1, b"https://host") + field(2, b"abc"))
    assert of_wandb(wandb_file([field(17, run)]))[0] == {"lr": 1, "git commit": "abc"}
    parts = field(3, b"wd") + field(2, b"n") + field(16, b"1")
    assert of_wandb(wandb_file([field(5, field(1, parts))]))[0] == {"n": 1}


@pytest.mark.parametrize(
    ("arguments", "read"),
    [
        (("steps",), "steps"),
        (("Kind", "NO"), "no"),
        (("a", "b", "c"), None),  # no member of an enumeration
        ((4,), None),
        ((), None),
    ],
)
def test_a_member_of_an_enumeration_is_its_value(
    arguments: tuple[object, ...], read: str | None
) -> None:
    class Member:
        def __reduce__(self) -> tuple[object, ...]:
            return Arguments, arguments

    found = of_training_args(saved(Arguments(a=Member(), b=3)))
    assert (found["a"], found["b"]) == (read, 3)


def test_a_set_that_cannot_change_is_a_list_too() -> None:
    made = Arguments(a=frozenset({7}), b=3)
    assert of_training_args(saved(made, 4)) == {"a": "[7]", "b": 3}


@pytest.mark.parametrize(("depth", "read"), [(7, {"a": 1}), (8, {})])
def test_what_is_wrapped_is_unwrapped_so_often(depth: int, read: dict[str, int]) -> None:
    value: object = 1
    for _ in range(depth):
        value = {"value": value}
    assert flat({"a": value}) == read


@pytest.mark.parametrize(
    ("text", "value"), [("''", ""), ('"a"', "a"), ("'", "'"), ("'a\"", "'a\""), ("aa", "aa")]
)
def test_quotes_around_a_value_are_none_of_it(text: str, value: str) -> None:
    assert scalar(text) == value


def test_settings_of_tensorboard_are_those_at_the_head_of_its_file() -> None:
    session = field(3, field(1, field(1, b"lr") + field(2, field(3, b"adam"))))
    plugin = field(9, field(1, field(1, b"hparams") + field(2, session)))
    event = field(5, field(1, plugin))
    found = read_hparams([("e", "tensorboard", framed(event))], None)
    assert (dict(found.values), found.sources) == ({"lr": "adam"}, ("e",))


@pytest.mark.parametrize(("length", "kept"), [(200, 200), (201, 200)])
def test_a_name_is_so_long_at_most(length: int, kept: int) -> None:
    run = field(17, field(9, b"x" * length))
    assert len(of_wandb(wandb_file([run]))[1]) == kept
    task = json.dumps({"hyperparams": {"Args": {"a": 1}}, "name": "x" * length}).encode()
    assert len(READERS["task.json"](task, "task.json")[1]) == kept
    assert of_store(json.dumps({"config": [], "name": "x"}).encode()) == ({}, "x")


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("task.json", {"hyperparams": {"A": 3}}, {"A": 3}),
        ("task.json", {"hyperparams": {"A": {"x": {"value": "1"}}}, "script": 3}, {"x": 1}),
        ("task.json", {"hyperparams": {"A": {}}, "script": {"version_num": ""}}, {}),
        ("task.json", {"hyperparams": {"A": {}}, "script": {"version_num": 3}}, {}),
        ("wandb-metadata.json", {"git": {"commit": ""}, "python": None}, {}),
        ("wandb-metadata.json", {"git": {}, "python": "3"}, {"python": "3"}),
        ("overrides.yaml", {"a": 1}, {"a": 1}),
        ("overrides.yaml", ["+a=1", "~b", "c=d=e"], {"a": 1, "c": "d=e"}),
        ("config.yaml", ["a=1"], {}),
        ("config.yaml", "a=1", {}),
    ],
)
def test_what_is_there_and_says_nothing_is_no_setting(
    name: str, text: object, values: dict[str, object]
) -> None:
    reader = READERS.get(name, READERS["config.yaml"])
    assert reader(json.dumps(text).encode(), name) == (values, "")


def test_a_file_that_is_empty_or_too_large_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("")
    (tmp_path / "args.json").write_text(f'{{"a": 1}}{" " * (MOST_BYTES - 8)}')
    assert list(beside(str(tmp_path))) == ["args.json"]
    assert names_beside(str(tmp_path)) == ["args.json", "config.yaml"]
    (tmp_path / "args.json").write_text(f'{{"a": 1}}{" " * (MOST_BYTES - 7)}')
    assert beside(str(tmp_path)) == {}
    assert head_of(str(tmp_path)) is None
    for number in range(201):
        (tmp_path / "params").mkdir(exist_ok=True)
        (tmp_path / "params" / f"p{number:03}").write_text("1")
    assert len(beside(str(tmp_path))["params"][0]) == 200


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (({"out": "x"}, {"out": "y"}, {"out": "z"}), ["out"]),
        (({"out": "x", "z": 1}, {"out": "y", "z": 1}, {"out": "q", "z": 2}), ["z", "out"]),
        (({"lr": 1, "z": 1}, {"lr": 2, "z": 1}, {"lr": 3, "z": 2}), ["lr", "z"]),
        (({"out": "x", "z": 1}, {"out": "y", "z": 2}), ["out", "z"]),
        (({"out": "x", "z": 1}, {"out": "x", "z": 2}, {"out": "y", "z": 1}), ["out", "z"]),
        (({"a": 1, "z": 1}, {"z": 2}, {"z": 2}), ["z", "a"]),
        (({"out": "a", "z": 1}, {"out": "b", "z": 1}, {"out": "c", "z": 2}, {"z": 2}), ["z", "out"]),
    ],
    ids=["alone", "words, each its own", "numbers, each its own", "two runs", "two of three alike",
         "of one run", "of three of four runs, each its own"],
)  # fmt: skip
def test_what_tells_runs_apart_comes_first(
    values: tuple[dict[str, object], ...], order: list[str]
) -> None:
    runs = [type("Run", (), {"hparams": Hparams(one)})() for one in values]  # type: ignore[arg-type]
    assert differing(runs) == order


@pytest.mark.parametrize(
    ("value", "typed", "is_same"),
    [(1.0, "1.0000000009", True), (1.0, "1.0000000011", False), (0, "0", True), (0, "1e-9", False),
     (-2, "-2.0", True), (True, "true", True), (True, "1.0", False), ("3", "3", True),
     (1e9, "1000000001", True), (1e9, "1000000002", False)],
)  # fmt: skip
def test_numbers_are_the_same_up_to_a_billionth(value: object, typed: str, is_same: bool) -> None:
    assert same(value, typed) == is_same  # type: ignore[arg-type]


@pytest.mark.parametrize("length", [120, 121])
def test_a_name_of_a_setting_has_a_length(length: int) -> None:
    (name,) = flat({"n" * length: 1})
    assert len(name) == 120


@pytest.mark.parametrize(("controls", "read"), [(799, "x"), (800, "")])
def test_of_a_value_eight_hundred_characters_are_looked_at(controls: int, read: str) -> None:
    assert flat({"a": "\x1b" * controls + "x"}) == {"a": read}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("lr: 1\nbs: 2\nwd: 3\n" + "k: " + "v" * 120 + "\n", 4),
        ("lr: 1\nbs: 2\nwd: 3\n" + "k: " + "v" * 121 + "\n", 3),
        ("k: " + "v" * 121 + "\nlr: 1\nbs: 2\nwd: 3\n", 3),
        ("lr: 1\nerror: 2\nbs: 2\nwd: 3\n", 0),  # the block ends there
        ("lr: 1\nbs: 2\nwd: 3", 3),
        ("lr: 1\nbs: 2\n\nwd: 3\n", 3),
        ("\nlr: 1\nbs: 2\nwd: 3\nsome words\nlr2: 1\nbs2: 2\nwd2: 3\n", 6),
        ("lr: 1\nbs: 2\nwd: 3\nsome words\nlr2: 1\nbs2: 2\n", 3),
        ("| lr | 0.1 |\n| bs | 2 |\n| 3 | x |\n| wd | " + "v" * 200 + " |\n", 3),
        ("| lr | 0.1 |\n| bs | 2 |\n| wd | " + "v" * 201 + " |\n", 0),
        ("| lr | 0.1\n| bs | 2\n| wd | 3\n", 3),  # no bar closes them
        ("{'a': 1, 'b': 2, 'c': 3}", 3),
        ("{'a', 'b', 'c'}", 0),
        ("{'a': 1, 'b': 2, 'c': '" + "x" * 3974 + "'}", 3),
        ("{'a': 1, 'b': 2, 'c': '" + "x" * 3975 + "'}", 0),
        ("{'a': 1, 'b': 2, 'c': 3", 0),
        ("  {'a': 1, 'b': 2, 'c': 3}  ", 3),
        ("Namespace(a=1, b=2, c=3)\nlr: 1\nbs: 2\nwd: 3\n", 6),  # three may be by chance
        ("Namespace(a=1, b=2, c=3)\nNamespace(d=4)\n", 4),
        ("lr: 1\nbs: 2\n{ open\nwd: 3\n", 0),  # no dict: the block ends there
        ("lr: 1\nbs: 2\nshut }\nwd: 3\n", 0),
        ("lr: 1\nbs: 2\n{'loss': 1}\nwd: 3\n", 0),
        ("Namespace(a=1, b=2, c=3, d=4)\nlr: 1\nbs: 2\nwd: 3\n", 4),
        ("RunConfig (a=1, b=2, c=3, d=4)", 4),
        ("Namespace(a=1, b=2, c=3, d=4", 4),  # where the head ends
        ("Namespace(a=1, b=2, c=3, d='x", 4),
        ("Namespace(a='x\\'y)', b=\"(\", c=<E.x: 3>, d={1: [2, (3)]})", 4),
    ],
)
def test_so_many_settings_are_found_at_the_head(text: str, found: int) -> None:
    assert len(of_text(text.encode())) == found


def test_the_head_ends_after_so_many_characters() -> None:
    block = "lr: 1\nbs: 2\nwd: 3\n"
    for blanks, found in ((heads._HEAD - len(block), 3), (heads._HEAD, 0)):
        assert len(of_text(("\n" * blanks + block).encode())) == found


PICKLED = {
    "a list": ([1, 2.5, "x", None, True], "[1, 2.5, x, None, True]"),
    "an empty list": ([], "[]"),
    "a pair": ((1, 2), "[1, 2]"),
    "one of a kind": ((7,), "[7]"),
    "four": ((1, 2, 3, 4), "[1, 2, 3, 4]"),
    "a large number": (1 << 40, 1 << 40),
    "a negative one": (-5, -5),
    "a table": ({"x": 1}, None),
    "false": (False, False),
    "Chinese": ("训", "训"),
}


class Arguments:
    def __init__(self, **given: object) -> None:
        vars(self).update(given)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("name", PICKLED)
def test_a_value_of_a_pickle_is_read_as_it_was(name: str, protocol: int) -> None:
    value, read = PICKLED[name]
    data = saved(Arguments(a=value, again=value, b=3), protocol)
    found = of_training_args(data)
    if protocol == 0 and not found:
        return  # an object of the oldest protocol is made by a call that is not followed
    assert found["b"] == 3
    if name == "a table":
        assert found["a.x"] == found["again.x"] == 1
    else:
        assert found["a"] == found["again"] == read


@pytest.mark.parametrize(("values", "read"), [(4000, True), (30_000, False)])
def test_a_pickle_is_walked_so_far(values: int, read: bool) -> None:
    data = saved(Arguments(a=list(range(values)), b=3))
    assert (of_training_args(data).get("b") == 3) == read


def test_what_is_kept_of_a_pickle_is_what_the_user_may_have_set() -> None:
    told = {"lr": 0.1, "_cache": 3, 4: 5}
    data = saved(Arguments(x=1))
    assert of_training_args(data) == {"x": 1}
    made = Arguments()
    vars(made).update({key: value for key, value in told.items() if isinstance(key, str)})
    assert of_training_args(saved(made)) == {"lr": 0.1}
    assert of_training_args(saved([1, 2])) == {}
    assert pickled._walk(pickle.dumps((1, [2, {"a": {3}}]))) == (1, [2, {"a": [3]}])


def test_the_settings_of_a_run_are_bounded_and_its_first_name_stays(tmp_path: Path) -> None:
    many = {f"a{number}": 1 for number in range(MOST)}
    (tmp_path / "hparams.json").write_text(json.dumps(many))
    (tmp_path / "params.json").write_text('{"late": 1}')
    (tmp_path / "meta.yaml").write_text("run_name: first\n")
    store = json.dumps({"config": {"z": 1}, "name": "second"}).encode()
    logs = [(str(tmp_path / "x.db"), "trackio", store)]
    found = read_hparams(logs, str(tmp_path))
    assert (len(found.values), found.name) == (MOST, "first")
    assert found.sources == (str(tmp_path / "hparams.json"),)
    for count, seen in ((8, 8), (9, 8)):
        each = [(f"{at}", "trackio", json.dumps({"config": {f"k{at}": 1}}).encode())
                for at in range(count)]  # fmt: skip
        assert len(read_hparams(each, None).values) == seen


def test_only_what_hydra_overrode_names_a_folder_that_a_number_names(tmp_path: Path) -> None:
    place = tmp_path / "7"
    place.mkdir()
    (place / "hparams.yaml").write_text("lr: 0.2\n")
    (place / "params").mkdir()
    (place / "params" / "long").write_text("x" * (MOST_BYTES + 1))
    found = read_hparams([(str(place / "x.csv"), "csv", b"")], str(place))
    assert (found.name, dict(found.values)) == ("", {"lr": 0.2, "long": None})

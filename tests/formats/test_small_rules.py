"""Rules of the formats that fit in a table: cells, numbers, labels, packed bytes, what is sniffed."""

from __future__ import annotations

import codecs
import gzip
import math
from io import BytesIO
from itertools import chain
from zipfile import ZipFile

import pytest

from lossmon.errors import FormatError
from lossmon.formats import any_text, column, json_history, mlflow, store, tensorboard, why
from lossmon.formats.cells import counts, floats, fraction, read_number
from lossmon.formats.detect import detect
from lossmon.formats.labels import Labels
from lossmon.formats.numbers import as_float, parse_number, whole, without_endless
from lossmon.formats.text import TextDecoder
from lossmon.formats.text_kinds import Kind
from lossmon.formats.text_tokens import TOKEN, tokenise
from lossmon.formats.unpack import plain_name, unpacker
from tests.formats.samples import events


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2.3", 2.3), (" 2 ", 2.0), ("1e-05", 1e-5), ("-nan", math.nan), ("Infinity", math.inf),
        ("1_000", None), ("'2.31'", 2.31), ('"2.31"', 2.31), ("''", None), ("'2", None),
        ("tensor(2.3, device='cuda:0')", 2.3), ("np.float64(2.3)", 2.3), ("(2.3)", 2.3),
        ("[2.3]", 2.3), ("[2.3, 1]", None), ("tensor([2.3])", 2.3), ("f(g(1))", None),
        ("1,234", 1234.0), ("1,234,567.8", 1234567.8), ("12,34", None), ("1,2345", None),
        ("12.5%", 12.5), ("1.2k", 1200.0), ("3M", 3e6), (".5K", 500.0), ("1e3k", 1e6), ("2G", 2e9),
        ("2B", 2e9), ("2T", 2e12), ("2x", None), ("", None), (" " * 201, None),
        ("tensor(2.3, " + "x" * 187 + ")", 2.3), ("tensor(2.3, " + "x" * 188 + ")", None),
    ],
)  # fmt: skip
def test_a_number_as_logs_write_it(text: str, number: float | None) -> None:
    found = parse_number(text)
    assert found == number or (number is not None and number != number and found != found)


@pytest.mark.parametrize(
    ("digits", "number"),
    [("9" * 19, 10**19 - 1), ("9" * 20, 1e20), ("9" * 5000, math.inf)],
)
def test_a_whole_number_is_one_up_to_64_bits(digits: str, number: float) -> None:
    assert whole(digits) == number
    assert type(whole(digits)) is (int if len(digits) < 20 else float)


def test_a_number_that_no_float_holds_is_infinite() -> None:
    assert (as_float(10**400), as_float(-(10**400)), as_float(3)) == (math.inf, -math.inf, 3.0)
    long, longer = "1" * 399, "1" * 400
    assert without_endless(f'{{"a": {long}, "b": {longer}}}') == f'{{"a": {long}, "b": inf}}'


@pytest.mark.parametrize(
    ("cell", "number"),
    [(True, None), (3, 3.0), (10**400, math.inf), (None, None), ([], None), ("3", 3.0),
     ("", None), ("N/A", None), (" null ", None), ("-", None), ("--", None), ("?", None),
     ("-3", -3.0), ("3 of 4", None), ("x" * 99, None)],
)  # fmt: skip
def test_a_cell_is_a_number_or_nothing(cell: object, number: float | None) -> None:
    assert read_number(cell) == number


@pytest.mark.parametrize(
    ("cell", "parts"),
    [("10/438", (10.0, 438.0)), ("10", (10.0, None)), ("a/2", (None, 2.0)), (math.nan, (None, None)),
     (7, (7.0, None)), ("1/2/3", (1.0, None))],
)  # fmt: skip
def test_a_cell_may_be_a_fraction(cell: object, parts: tuple[float | None, float | None]) -> None:
    assert fraction(cell) == parts


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [([1, 2.5], [1.0, 2.5]), ([], []), ([1, "2"], None), ([True], None), ([None], None)],
)
def test_a_column_of_numbers(cells: list[object], numbers: list[float] | None) -> None:
    if numbers is None:
        with pytest.raises(ValueError):  # noqa: PT011 - without a word
            floats(cells)
    else:
        assert floats(cells).tolist() == numbers


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [([1, 2], [1, 2]), ([1.0, 2], [1, 2]), ([1.5], None), ([2.0**53], None), ([2.0**53 - 1], [2**53 - 1]),
     ([-(2.0**53)], None), ([math.nan], None), ([2**60], [2**60])],
)  # fmt: skip
def test_a_column_of_counts(cells: list[float], numbers: list[int] | None) -> None:
    if numbers is None:
        with pytest.raises(ValueError):  # noqa: PT011 - without a word
            counts(cells)
    else:
        assert counts(cells).tolist() == numbers


# -- labels of ranks -------------------------------------------------------------------------------


def stripped(lines: list[str]) -> tuple[list[str], list[str]]:
    """What comes of lines one by one, and what the end brings."""
    labels = Labels()
    given = list(chain(*(labels.strip([line.encode()]) for line in lines)))
    return [one.decode() for one in given], [one.decode() for one in labels.flush()]


@pytest.mark.parametrize(
    ("lines", "given", "held"),
    [
        (["step 1 loss 2.0"], ["step 1 loss 2.0"], []),
        (["0: step 1", "0: step 2"], ["step 1", "step 2"], []),  # a rank comes again
        (["1: step 1", "0: step 1"], ["step 1", "step 1"], []),
        (["0: step 1", "1: step 1"], [], ["0: step 1", "1: step 1"]),  # too few to tell
        (["0: step 1", "1: step 2"], ["0: step 1", "1: step 2"], []),  # an index grows
        (["1: loss 2.5", "2: loss 2.4"], ["1: loss 2.5", "2: loss 2.4"], []),
        (["0: a", "0: b"], [], ["0: a", "0: b"]),
        (["0: a"] * 4, [], ["a"] * 4),  # where the log ends, four tell
        (["0: a"] * 12, ["a"] * 12, []),
        (["0: a", "x", "0: step 1"], ["0: a", "x"], ["0: step 1"]),
        (["12:30:59 loss 2.0"], ["12:30:59 loss 2.0"], []),  # a time of day
        (["12345: step 1", "12345: step 2"], ["12345: step 1", "12345: step 2"], []),
    ],
)
def test_labels_are_those_of_ranks_or_an_index(
    lines: list[str], given: list[str], held: list[str]
) -> None:
    assert stripped(lines) == (given, held)
    labels = Labels()
    whole = labels.strip([line.encode() for line in lines]) + labels.flush()
    assert [one.decode() for one in whole] == given + held


# -- packed bytes ----------------------------------------------------------------------------------


def unpacked(data: bytes, size: int) -> bytes:
    made = unpacker(data)
    assert made is not None
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(chain(*(made.feed(piece) for piece in pieces)))


TEXT = b"step 1 loss 2.0\n" * 400


@pytest.mark.parametrize("size", [7, 1000, 1 << 20])
def test_members_of_gzip_come_behind_each_other(size: int) -> None:
    packed = gzip.compress(TEXT) + b"\0" * 9 + gzip.compress(b"end")
    assert unpacked(packed, size) == TEXT + b"end"


def test_what_stands_before_damage_is_read_and_the_damage_is_told() -> None:
    packed = bytearray(gzip.compress(TEXT))
    packed[-6] ^= 255  # its checksum
    made, found = unpacker(bytes(packed)), []
    assert made is not None
    with pytest.raises(FormatError, match=r"the gzip data is damaged .*; what stands before"):
        found.extend(made.feed(bytes(packed)))
    assert b"".join(found) == TEXT
    cut = unpacker(bytes(packed[:40]))
    assert cut is not None
    assert not cut.cut
    list(cut.feed(bytes(packed[:40])))
    assert cut.cut  # it is still written
    whole = unpacker(gzip.compress(TEXT))
    assert whole is not None
    list(whole.feed(gzip.compress(TEXT)))
    assert not whole.cut


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (gzip.compress(b"x", mtime=0), "gzip"), (b"\x28\xb5\x2f\xfd....", "zstd"),
        (codecs.BOM_UTF16_LE + "ab".encode("utf-16-le"), "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"), ("step 1 loss".encode("utf-16-le"), "utf-16-le"),
        ("step 1 loss".encode("utf-16-be"), "utf-16-be"), ("step 1".encode("utf-16-le"), None),
        ("a步a步a步a步a步".encode("utf-16-le"), None), (b"plain", None), (b"\0" * 64, None), (b"", None),
    ],
)  # fmt: skip
def test_how_a_file_is_packed_is_seen_from_its_begin(head: bytes, name: str | None) -> None:
    found = unpacker(head)
    assert (found.name if found is not None else None) == name


def test_utf_16_becomes_utf_8_without_its_mark() -> None:
    data = codecs.BOM_UTF16_BE + "损失 1".encode("utf-16-be")
    assert unpacked(data, 3).decode() == "损失 1"
    assert [plain_name(one) for one in ("a.log.gz", "a.zst", "a.gzip", "gz")] == [
        "a.log", "a", "a.gzip", "gz",
    ]  # fmt: skip


# -- what is sniffed -------------------------------------------------------------------------------


def test_a_zip_that_stores_a_log_as_it_is_is_no_text() -> None:
    """Its first row stands behind bytes of the archive and was lost."""
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        archive.writestr(
            "train.log", "".join(f"step {i} loss {2.5 - i / 100}\n" for i in range(99))
        )
    with pytest.raises(FormatError, match=r"a zip archive \(unpack it\)"):
        detect(packed.getvalue(), "train.zip", complete=True, named=True)


@pytest.mark.parametrize(
    ("name", "text", "metric"),
    [
        ("loss.txt", "2.5\n2.4\n2.3\n2.2\n2.1\n", "loss"),
        ("loss.txt", "2.5\n2.4\n2.3\n2.2\n", None),  # four are too few
        ("loss.txt", "2.5\n2.4\n2.3\n2.2\n2.1", None),  # the fifth may be cut
        ("loss.txt", "1 2.5\n2 2.4\n", "loss"),
        ("loss.txt", "2 2.5\n1 2.4\n", None),
        ("loss.txt", "1 2.5\n", None),
        ("loss.txt", "1 2.5\n2.4\n2.3\n2.2\n2.1\n", None),
        ("loss.txt", "epoch12 0.254\nepoch13 0.2\n", "loss"),
        ("loss.txt", "1\n2\n3\n2.5\n2.6\n", None),  # labels, or counts of something
        ("loss.txt", "1\n2\n3.5\n2.5\n2.6\n", "loss"),
        ("loss.txt", "2.5\nhello\n2.4\n2.3\n2.2\n2.1\n", None),
        ("train_loss_history.csv", "1 2.5\n2 2.4\n", "train_loss"),
        ("kl_loss.txt", "1 2.5\n2 2.4\n", "kl_loss"),
        ("names.txt", "1 2.5\n2 2.4\n", None),
        ("scalars/train/q.csv", "1 2.5\n2 2.4\n", "train/q"),
    ],
)
def test_bare_numbers_are_what_their_file_is_called_after(
    name: str, text: str, metric: str | None
) -> None:
    found = column.sniff(text.encode(), name)
    assert (found is not None) == (metric is not None)
    if metric is not None:
        assert str(found).endswith(f"says {metric}")
        records = [*column.decoder(name).feed(text.encode())]
        assert {key for record in records for key in record.values} == {metric}


@pytest.mark.parametrize(
    ("text", "sniffed"),
    [
        ('[{"epoch": 1, "loss": 2.3}]', "a JSON document with 1 rows"),
        (str([{"epoch": i, "loss": 2.3} for i in range(50)]).replace("'", '"'), "with 50+ rows"),
        ('{"loss": [2.3, 2.2], "val_loss": [2.4, 2.3]}', "a JSON document with 2 rows"),
        ('[{"epoch": 1, "note": "x"}]', None),
        ('{"lr": [1, 2]}', None),
        ('[\n {"epoch": 1, "loss": 2.3},\n {"epo', "a JSON list of rows with a metric"),
        ('{"loss": [2.3, 2.', "a JSON object whose loss is a list"),
        ('{"loss": {"a": [2.', None),
        ("loss", None),
    ],
)
def test_a_json_history(text: str, sniffed: str | None) -> None:
    found = json_history.sniff(text.encode(), "x.json")
    assert (found is not None) == (sniffed is not None)
    assert (sniffed or "") in str(found)


ROWS = "".join(f"step {i} loss {2 - i / 50:.4f}\n" for i in range(1, 12))


@pytest.mark.parametrize(
    ("name", "text", "sniffed"),
    [
        ("train.log", ROWS, True), ("README.md", ROWS, False), ("docs/changelog-2.txt", ROWS, False),
        ("readme2/train.log", ROWS, True), ("x.csv", ROWS, False), ("x.TSV", ROWS, False),
        ("x", '{"a": 1}\n{"b": 2}\n', False), ("x", '{"a": 1}\n' + ROWS, True),
        ("x", '{\n  "loss": 1,\n  "b": [1]\n}\n\n' + ROWS, True),
        ("x", '{\n}\n{\n}\n' + ROWS, True),
        ("x", "nothing at all\n" * 9, False),
    ],
)  # fmt: skip
def test_any_text_with_a_training_in_it(name: str, text: str, sniffed: bool) -> None:
    assert (any_text.sniff(text.encode(), name) is not None) == sniffed


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (b"1700000000000 0.5 7\n", (7, 0.5, 1.7e9)), (b"1700000000000 nan 7", None),
        (b"170000000000 0.5 7\n", None), (b"1700000000000 0.5 7.5\n", None),
        (b"1700000000000 0.5 -1\n", (-1, 0.5, 1.7e9)), (b"1700000000000 x 7\n", None),
    ],
)  # fmt: skip
def test_a_row_of_mlflow(line: bytes, row: tuple[int, float, float] | None) -> None:
    found = mlflow.MlflowDecoder("loss").row(line)
    if row is None:
        assert found is None or found.values["loss"] != found.values["loss"]
    else:
        assert found is not None
        assert (found.step, found.values["loss"], found.time) == row


@pytest.mark.parametrize(
    ("status", "finished", "failure"),
    [("RUNNING", False, None), ("FINISHED", True, None), ("FAILED", False, "MLflow: FAILED"),
     ("KILLED", False, "MLflow: KILLED")],
)  # fmt: skip
def test_a_store_tells_how_a_run_ended(status: str, finished: bool, failure: str | None) -> None:
    head = b'{"lossmon_store": "mlflow-sqlite"}\n'
    assert store.sniff(head, "") == "rows of a mlflow-sqlite database"
    assert store.sniff(b'{"lossmon_store": "other"}\n', "") is None
    decoder = store.decoder("")
    rows = [*decoder.feed(head + b'{"step": 1, "loss": 2.0}\n')]
    rows += decoder.feed(b'{"lossmon_status": "RUNNING"}\n{"step": 2, "loss": 1.0}\n')
    rows += decoder.feed(f'{{"lossmon_status": "{status}"}}\n'.encode())
    assert decoder.format == "mlflow-sqlite"
    assert [row.step for row in rows] == [1, 2]
    assert (decoder.facts.finished, decoder.facts.failure) == (finished, failure)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("", "an empty line"), ("   ", "an empty line"), ("hello world", "no number in it"),
        ("x 1" * 9999, "longer than "), ("saved 17 files", "no row: it repeats or heads other lines"),
    ],
)  # fmt: skip
def test_why_a_line_of_text_gave_no_row(line: str, says: str) -> None:
    decoder = TextDecoder()
    assert why.why_not(decoder, line, []).startswith(says)
    assert why.why_not(decoder, line, [("a reason", ""), ("the last", "")]) == "the last"
    other = mlflow.MlflowDecoder("loss")
    expected = "an empty line" if not line.strip() else "nothing to draw in it"
    assert why.why_not(other, line, []).startswith(expected)
    assert not why.looks_like_row(decoder, line)


def test_a_counter_without_a_value_names_no_number() -> None:
    assert [token.key for token in tokenise("step,,1")] == [""]
    assert [token.kind for token in tokenise("step,,1")] == [Kind.BARE]


@pytest.mark.parametrize(
    "text", ["nan", "NaN", "Inf", "\u0130nf", "\u0131nf", "-.5", "+3", "?", "٣"]
)
def test_a_number_begins_with_what_numbers_are_looked_for_by(text: str) -> None:
    """Where no such character stands nothing else is tried."""
    found = TOKEN.search(f"loss [{text}, x")
    assert found is not None
    assert found[0] == text


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("x.jsonl", '{{"step": {}, "loss": 0.5{}}}\n'),
        ("x.log", "step {} loss 0.5{}\n"),
        ("x.csv", "{},0.5{}\n"),
    ],
)
def test_a_row_that_is_too_long_is_counted(name: str, row: str) -> None:
    """A row of 20 MB was gone, and none was said to be skipped."""
    rows = [row.format(step, " " * (3 << 20) * (step == 7)) for step in range(1, 12)]
    head = "step,loss\n" if name.endswith("csv") else ""
    found = detect((head + "".join(rows[:6])).encode(), name, True)
    assert found is not None
    decoder = found.decoder
    read = [record.step for row in [head, *rows] for record in decoder.feed(row.encode())]
    assert read == [1, 2, 3, 4, 5, 6, 8, 9, 10, 11]
    assert decoder.skipped.count == 1
    assert decoder.skipped.examples == [("line too long", "")]


def test_zeros_behind_events_are_passed_over_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tail of a file that a crash of the box left: each of its bytes was a header to try."""
    tried: list[int] = []
    check = tensorboard._length_check
    monkeypatch.setattr(
        tensorboard, "_length_check", lambda length: tried.append(length) or check(length)
    )
    decoder = tensorboard.decoder("")
    read = len(decoder.feed(events(30))) + len(decoder.feed(bytes(1 << 20)))
    read += len(decoder.feed(events(30)))
    assert read == 2 * 33
    assert len(tried) < 500


def test_a_number_that_counts_and_has_a_name_behind_it_is_no_metric_too() -> None:
    """A garbled line of 52 bytes gave a metric without a number, and its log was set aside."""
    line = b"{'loss': 3.00\x8c 'epoch': 2024-05-1 batcsteph, 2.0000\r"
    decoder = TextDecoder()
    records = [*decoder.feed(line * 2), *decoder.flush()]
    assert {name for record in records for name in record.values} == {"loss"}

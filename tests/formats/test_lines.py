"""Lines: the same ones however the bytes were split, clean, and without logger prefixes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lossmon.formats.decoder import MAX_LINE_BYTES
from lossmon.formats.lines import LineSplitter, clean, dated_span, failure, strip_prefix


def lines_of(*chunks: bytes) -> list[bytes]:
    splitter = LineSplitter()
    return [line for chunk in chunks for line in splitter.feed(chunk)] + splitter.flush()


class TestLineSplitter:
    def test_newline_crlf_and_lone_carriage_return_all_end_a_line(self):
        assert lines_of(b"a\nb\r\nc\rd\n\ne") == [b"a", b"b", b"c", b"d", b"", b"e"]

    def test_other_separators_do_not(self):
        assert lines_of(b"a\x0bb\x0cc\xc2\x85d\n") == [b"a\x0bb\x0cc\xc2\x85d"]

    def test_crlf_cut_in_two_is_one_end(self):
        assert lines_of(b"a\r", b"\nb\n") == lines_of(b"a\r\nb\n") == [b"a", b"b"]

    def test_a_hole_of_nul_bytes_is_one_end(self):
        """A box crashed while it wrote, and the training went on behind the hole."""
        assert lines_of(b'{"step": 1, "lo' + bytes(4096) + b'{"step": 2}\n') == [
            b'{"step": 1, "lo', b'{"step": 2}',
        ]  # fmt: skip

    def test_an_unfinished_line_waits(self):
        splitter = LineSplitter()
        assert splitter.feed(b"lo") == []
        assert splitter.feed(b"ss\n") == [b"loss"]
        assert splitter.flush() == []

    @given(
        st.lists(
            st.sampled_from([b"ab", b"\n", b"\r", b"\r\n", b"\xc3\xa9", b"", b"\0", b"\0\0\0"]),
            max_size=40,
        ),
        st.data(),
    )
    def test_any_split_gives_the_same_lines(self, parts, data):
        whole = b"".join(parts)
        cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
        chunks = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
        assert lines_of(*chunks) == lines_of(whole)

    @pytest.mark.parametrize("piece", [1 << 13, 1 << 16, MAX_LINE_BYTES + 1, 1 << 22])
    def test_a_line_over_the_limit_is_dropped_with_a_count(self, piece):
        whole = b"ok\n" + b"x" * (MAX_LINE_BYTES + 1) + b"\n" + b"y" * MAX_LINE_BYTES + b"\nend\n"
        splitter = LineSplitter()
        lines = []
        for at in range(0, len(whole), piece):
            lines += splitter.feed(whole[at : at + piece])
        assert [len(line) for line in lines] == [2, MAX_LINE_BYTES, 3]
        assert splitter.oversized == 1

    def test_memory_stays_bounded_while_a_line_never_ends(self):
        splitter = LineSplitter()
        for _ in range(100):
            splitter.feed(b"x" * (1 << 16))
        assert sum(map(len, splitter._pieces)) == 0
        assert splitter.flush() == []
        assert splitter.oversized == 1


class TestClean:
    @pytest.mark.parametrize(
        ("raw", "text"),
        [
            (b"loss 1.5", "loss 1.5"),
            (b"a\tb", "a\tb"),
            (b"\x1b[31mloss\x1b[0m: \x1b[38;2;1;2;3m0.5", "loss: 0.5"),
            (b"\x1b]0;title\x07loss", "loss"),
            (b"\x1b]8;;http://x\x1b\\link", "link"),
            (b"\x1b[A{'loss': 1}", "{'loss': 1}"),
            (b"abc\x08\x08X", "aX"),
            (b"1/50 loss: 0.9" + b"\x08" * 14 + b"2/50 loss: 0.8", "2/50 loss: 0.8"),
            (b"\x08\x08\x08a", "a"),
            (b"1/50 loss: 0.9" + b"\x08" * 14, "1/50 loss: 0.9"),
            (b"bad \xff utf", "bad \ufffd utf"),
            (b"\x00nul\x7f", "nul"),
            ("left\u202eright".encode(), "leftright"),
        ],
    )
    def test_nothing_that_moves_a_terminal_stays(self, raw, text):
        assert clean(raw) == text

    @given(st.binary(max_size=200))
    def test_whatever_the_bytes_no_control_character_is_left(self, raw):
        assert all(
            c == "\t" or c in "\n\r" or (ord(c) >= 0x20 and ord(c) not in range(0x7F, 0xA0))
            for c in clean(raw)
        )


class TestStripPrefix:
    @pytest.mark.parametrize(
        ("line", "message"),
        [
            ("loss 0.5", "loss 0.5"),
            ("10: 0.5 0.6", "10: 0.5 0.6"),
            ("[10] grad_norm=0.9", "[10] grad_norm=0.9"),
            ("INFO:root:loss 1", "loss 1"),
            ("I0124 13:53:41.435811  5582 solver.cpp:236] Iteration 8", "Iteration 8"),
            ("0: TRAIN [3][1930/1938]", "TRAIN [3][1930/1938]"),
            ("[1,36]<stderr>:[Epoch 0] x", "[Epoch 0] x"),
            ("(main_task pid=1) step:1", "step:1"),
            ("[06/25 10:00:00 d2.utils.events]:  eta: 1", "eta: 1"),
            ("INFO     | pkg.train:fit:86 - loss: 1", "loss: 1"),
            ("INFO     | train.py:86 | loss: 1", "loss: 1"),
            ("04:54:30 | SUCCESS  | pkg.train:fit:9 - loss: 1", "loss: 1"),
            ("04:54:30.123 | INFO | loss: 1", "loss: 1"),
            ("INFO | epoch:3 - loss:2", "epoch:3 - loss:2"),
        ],
    )
    def test_prefixes_without_a_full_date_give_no_time(self, line, message):
        assert strip_prefix(line) == (message, None)

    @pytest.mark.parametrize(
        "prefix",
        [
            "2024-05-19 04:54:30.123 | INFO     | __main__:<module>:12 - ",
            "2024-05-19 04:54:30.123 | INFO     | pkg.train:fit:1086  - ",
            "2024-05-19 04:54:30.123 | SUCCESS  | pkg.train:Trainer.fit:9 | ",
            "2024-05-19 04:54:30.123 | INFO     | pkg.train:fit:86: ",
            "2024-05-19 04:54:30.123 | INFO     | train.py:86 - ",
            "2024-05-19 04:54:30.123 | pkg.train:fit:86 | INFO     | ",
            "2024-05-19 04:54:30.123 | pkg.train:fit:86 - ",
            "2024-05-19 at 04:54:30.123 | INFO     | ",
            "2024-05-19 04:54:30,123 - trainer - INFO - ",
            "2024-05-19 04:54:30,123 INFO ",
            "2024-05-19 04:54:30,123 maskrcnn_benchmark.trainer INFO: ",
            "[2024-05-19 04:54:30,123] [INFO] [timer.py:199:stop] ",
            "[2024-05-19 04:54:30,123][INFO] ",
            "[rank0]:[titan] 2024-05-19 04:54:30,123 - root - INFO - ",
            "[NeMo I 2024-05-19 04:54:30.123 megatron_init:353] ",
            "[INFO|trainer.py:2313] 2024-05-19 04:54:30,123 ",
            "2024/05/19 04:54:30.123 - mmengine - INFO - ",
            "05/19/2024 04:54:30.123 - INFO - ",
            "2024-05-19T04:54:30.123 ",
        ],
    )
    def test_a_full_date_gives_the_wall_time(self, prefix):
        message, time = strip_prefix(prefix + "step 10 loss 0.5")
        assert message == "step 10 loss 0.5"
        assert time is not None
        assert time % 60 == pytest.approx(30.123, abs=1e-3)

    def test_a_named_zone_is_honoured(self):
        assert strip_prefix("2024-05-19T04:54:30Z x")[1] == 1716094470
        assert strip_prefix("2024-05-19T04:54:30+02:00 x")[1] == 1716087270

    def test_an_impossible_date_is_no_time(self):
        assert strip_prefix("2024-13-45 04:54:30 x") == ("x", None)


class TestFailure:
    @pytest.mark.parametrize(
        "line",
        [
            "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB",
            "torch.cuda.OutOfMemoryError: CUDA out of memory.",
            "[rank0]: torch.OutOfMemoryError: CUDA out of memory.",
            "Exception: Current loss scale already at minimum - cannot decrease scale anymore.",
            "KeyboardInterrupt",
            "KeyError: 'loss'",
            "AssertionError",
            "Killed",
            "run.sh: line 3: 1234 Killed                  python train.py",
            "Segmentation fault (core dumped)",
            "slurmstepd: error: *** JOB 12 ON n1 CANCELLED AT 2024-01-01T00:00:00 DUE TO TIME LIMIT ***",
            "[rank1]:[E ProcessGroupNCCL.cpp:563] [Rank 1] Watchdog caught collective operation timeout: WorkNCCL(",
            "Fatal Python error: Aborted",
        ],
    )
    def test_signs_of_a_dead_training(self, line):
        assert failure(line)

    @pytest.mark.parametrize(
        "line",
        [
            "step 10 loss 0.5",
            "early stopping error: 0.1",
            "ValidationError: 0.31",
            "Validation Error: 0.31",
            "UserWarning: RuntimeError: could not do this, doing that",
            "caught RuntimeError: retrying",
            "Killed 3 stale workers",
            "Exit code will be checked later",
        ],
    )
    def test_ordinary_lines_are_not(self, line):
        assert failure(line) is None


@pytest.mark.parametrize(
    ("prefix", "date"),
    [
        ("x - 2024-05-19 04:54:30,123 - INFO", "2024-05-19 04:54:30,123"),
        ("2024-13-45 04:54:30 x", None),  # no month, no day
        ("step 12 of 2024", None),
    ],
)
def test_where_a_date_stands(prefix: str, date: str | None) -> None:
    span = dated_span(prefix)
    assert (prefix[slice(*span)].rstrip() if span else None) == date

"""What a user can ask of the reading: show it, correct it, hand it on, read packed logs."""

from __future__ import annotations

import csv
import gzip
import json
import math
from pathlib import Path

import pytest

from lossmon.errors import FormatError, TargetError
from lossmon.formats.unpack import unpacker
from lossmon.presentation.export import check_output
from tests.conftest import falling, training_rows, write_jsonl
from tests.formats.samples import DATA
from tests.report.test_cli import run

LOG = DATA / "d157_loguru_docs_lm" / "terminal.log"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    rows = [*training_rows(falling(20)), {"step": 210, "loss": math.nan, "my/thing": 0.5}]
    return write_jsonl(tmp_path / "log.jsonl", rows)


class TestVerbose:
    def test_it_says_format_reason_counts_skipped_lines_and_roles(self, log: Path) -> None:
        log.write_text("hello\n" + log.read_text())
        shown = run("check", "-v", log).stdout
        assert "jsonl: 21 of 22 lines are JSON rows with a metric" in shown
        assert "21 rows" in shown
        assert "1 skipped" in shown
        assert "not a JSON object: hello" in shown
        assert "train loss    loss, 21 points" in shown
        assert "my/thing" in shown

    def test_what_was_not_read_is_named_with_the_reason(self, log: Path) -> None:
        (log.parent / "results.json").write_text('{"a": 1}')
        assert (
            "results.json: JSON without rows that carry a loss"
            in run("check", "-v", log.parent).stdout
        )

    def test_stages_and_what_is_hidden_are_told(self, tmp_path: Path) -> None:
        log = tmp_path / "train.log"
        rows = [f"Epoch {e} | Loss: {3 - e / 10}" for e in (1, 2, 3, 4, 3, 4, 5)]
        rows += [f"Fine-Tune Epoch {e} | Loss: {2 - e / 10}" for e in (1, 2)]
        log.write_text("".join(f"{row}\n" for row in rows))
        shown = run("check", "-v", log).stdout
        assert "train loss    Loss, 7 points" in shown
        assert "stages        1 from step 1, Fine-Tune from step 6" in shown
        assert "hidden        2 points of steps that were logged again later" in shown
        found = json.loads(run("check", "--json", log).stdout)
        assert found["stages"] == [{"name": "1", "step": 1}, {"name": "Fine-Tune", "step": 6}]
        table = list(csv.DictReader(run("export", log).stdout.splitlines()))
        assert [(r["step"], r["stage"]) for r in table] == [
            *((str(e), "1") for e in (1, 2, 3, 4, 3, 4, 5)),
            ("6", "Fine-Tune"),
            ("7", "Fine-Tune"),
        ]

    def test_beside_json_it_is_narration(self, log: Path) -> None:
        done = run("check", "--json", "-v", log)
        assert len(done.stdout.splitlines()) == 1
        assert "train loss" in done.stderr


class TestConfig:
    def settings(self, tmp_path: Path, text: str) -> dict[str, str]:
        path = tmp_path / "config.toml"
        path.write_text(text)
        return {"LOSSMON_CONFIG": str(path)}

    def test_a_role_is_corrected(self, log: Path, tmp_path: Path) -> None:
        told = self.settings(tmp_path, '[roles]\n"my/thing" = "eval_loss"\n')
        found = json.loads(run("check", "--json", log, **told).stdout)
        assert found["metrics"]["eval_loss"]["name"] == "my/thing"

    def test_a_line_pattern_reads_a_log_of_its_own_form(self, tmp_path: Path) -> None:
        """The example of the reference."""
        log = tmp_path / "odd.log"
        log.write_text("".join(f"<<{i}>> obj~{2 - i / 100:.4f}\n" for i in range(1, 41)))
        assert run("check", log).returncode == 2
        told = self.settings(
            tmp_path,
            "[[lines]]\nname = \"odd\"\npattern = '<<(?P<step>\\d+)>> obj~(?P<loss>\\S+)'\n",
        )
        found = json.loads(run("check", "--json", log, **told).stdout)
        assert found["logs"][0]["format"] == "odd"
        assert (found["step"], found["metrics"]["train_loss"]["n"]) == (40, 40)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[roles]\nloss = 'speed'", 'roles.loss: no "speed"; one of train_loss'),
            ("[[lines]]\npattern = '('", "lines 1: not a regular expression"),
            ("[[lines]]\npattern = 'x'", "lines 1: name a group for each metric"),
            ("[colour]\n", "no section colour; there are screen, "),
            ("[screen]\nfps = 500", "screen.fps: from 0.1 to 60, not 500"),
            ("[screen]\nascii = 1", "screen.ascii: true or false, not 1"),
            ("x = ", "not valid TOML"),
        ],
    )
    def test_a_wrong_setting_is_one_line(
        self, log: Path, tmp_path: Path, text: str, said: str
    ) -> None:
        done = run("check", log, **self.settings(tmp_path, text))
        assert done.returncode == 2
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1

    def test_a_file_that_is_named_and_absent_is_said(self, log: Path) -> None:
        assert "no such file" in run("check", log, LOSSMON_CONFIG="/nonexistent/c.toml").stderr


class TestExport:
    def test_csv_on_standard_output_is_exact(self, log: Path) -> None:
        rows = list(csv.reader(run("export", log).stdout.splitlines()))
        assert rows[0] == ["run", "metric", "step", "epoch", "time", "value", "stage"]
        assert [float(row[5]) for row in rows[1:21]] == falling(20)
        assert rows[21][1:3] == ["loss", "210"]
        assert math.isnan(float(rows[21][5]))

    def test_json_lines_are_strict(self, log: Path, tmp_path: Path) -> None:
        out = tmp_path / "out.jsonl"
        done = run("export", log, "-o", out)
        rows = [json.loads(line) for line in out.read_text().splitlines()]
        assert "22 points of 1 run" in done.stderr
        assert rows[20]["value"] == "nan"
        assert [row["value"] for row in rows[:20]] == falling(20)

    def test_parquet(self, log: Path, tmp_path: Path) -> None:
        parquet = pytest.importorskip("pyarrow.parquet")
        out = tmp_path / "out.parquet"
        assert run("export", log, "-o", out).returncode == 0
        table = parquet.read_table(out).to_pydict()
        assert table["value"][:20] == falling(20)
        assert table["time"][0] is None

    @pytest.mark.parametrize("name", ["out.xlsx", "nowhere/out.csv"])
    def test_an_output_that_can_not_be_written_is_said_first(
        self, log: Path, tmp_path: Path, name: str
    ) -> None:
        done = run("export", log, "-o", tmp_path / name)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        with pytest.raises(TargetError):
            check_output(str(tmp_path / name))

    def test_what_was_there_is_replaced_only_when_all_is_written(
        self, log: Path, tmp_path: Path
    ) -> None:
        out = tmp_path / "out.csv"
        out.write_text("old")
        run("export", log, "-o", out)
        assert out.read_text().startswith("run,metric")
        assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []


class TestPacked:
    def verdict(self, path: Path) -> tuple[str, int]:
        found = json.loads(run("check", "--json", "--no-timeline", path).stdout)
        return found["pair"], found["logs"][0]["records"]

    def test_gzip_of_several_members(self, tmp_path: Path) -> None:
        data = LOG.read_bytes()
        packed = tmp_path / "train.log.gz"
        packed.write_bytes(gzip.compress(data[:9000]) + gzip.compress(data[9000:]))
        assert self.verdict(packed) == self.verdict(LOG)

    def test_zstd(self, tmp_path: Path) -> None:
        zstandard = pytest.importorskip("zstandard")
        packed = tmp_path / "train.log.zst"
        packed.write_bytes(zstandard.compress(LOG.read_bytes()))
        assert self.verdict(packed) == self.verdict(LOG)

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
    def test_utf_16_as_powershell_writes_it(self, tmp_path: Path, encoding: str) -> None:
        path = tmp_path / "train.log"
        mark = "" if encoding == "utf-16" else "\ufeff"
        path.write_bytes((mark + LOG.read_text()).encode(encoding))
        assert self.verdict(path) == self.verdict(LOG)

    def test_a_cut_archive_gives_what_is_there(self, tmp_path: Path) -> None:
        packed = tmp_path / "train.log.gz"
        packed.write_bytes(gzip.compress(LOG.read_bytes())[:-500])
        assert self.verdict(packed)[1] > 50

    def test_a_damaged_archive_is_one_line(self, tmp_path: Path) -> None:
        packed = tmp_path / "train.log.gz"
        data = bytearray(gzip.compress(LOG.read_bytes()))
        data[len(data) // 2 :] = b"\xff" * 500
        packed.write_bytes(data)
        assert "error: the gzip data is damaged" in run("check", packed).stdout

    @pytest.mark.slow
    def test_a_bomb_comes_in_small_pieces(self) -> None:
        packed = gzip.compress(bytes(50_000_000))
        unpack = unpacker(packed)
        assert unpack is not None
        sizes = [len(piece) for piece in unpack.feed(packed)]
        assert sum(sizes) == 50_000_000
        assert max(sizes) <= 1 << 20

    def test_damage_in_a_frame_is_a_format_error(self) -> None:
        pytest.importorskip("zstandard")
        broken = unpacker(b"\x28\xb5\x2f\xfd" + b"\xff" * 20)
        assert broken is not None
        with pytest.raises(FormatError):
            list(broken.feed(b"\x28\xb5\x2f\xfd" + b"\xff" * 50))

"""A run on one page: it stands alone, says what the screen says, and shows no markup of a log's."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.conftest import falling, training_rows, write_jsonl
from tests.report.test_cli import run

RUN = Path(__file__).resolve().parents[1] / "data" / "runs" / "d045_hf_digits_cnn"
EVIL = '<script src="http://evil">alert(1)</script>|`x`\x1b]52;c;aGk=\x07\u202e'


class Page(HTMLParser):
    """The tags of a page, whatever they ask of the network, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.asked: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.asked += [f"{k}={v}" for k, v in attributes if k in ("src", "href", "action")]

    def handle_data(self, data: str) -> None:
        self.text += data


def made(tmp_path: Path, target: Path, ending: str, *options: str) -> str:
    path = tmp_path / f"page{ending}"
    done = run("report", target, "-o", path, *options)
    assert done.returncode == 0, done.stderr
    return path.read_text()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_page_of_html_stands_alone_and_its_chart_is_a_picture(tmp_path: Path, lang: str) -> None:
    text = made(tmp_path, RUN, ".html", "--lang", lang)
    page = Page(text)
    assert page.asked == []
    assert "url(" not in text
    assert "@import" not in text
    svg = re.search(r"<svg.*?</svg>", text, re.S)
    assert svg is not None
    drawn = ElementTree.fromstring(svg[0])
    curves = [one.get("points", "") for one in drawn.iter("{http://www.w3.org/2000/svg}polyline")]
    assert max(len(points.split()) for points in curves) > 20
    for points in curves:
        for pair in points.split():
            x, y = map(float, pair.split(","))
            assert 0 <= x <= 800
            assert 0 <= y <= 384


def test_both_forms_say_what_check_says(tmp_path: Path) -> None:
    losses = [*falling(200), *(float("nan") for _ in range(5))]
    log = write_jsonl(tmp_path / "run.jsonl", training_rows(losses))
    html = Page(made(tmp_path, log, ".html")).text
    markdown = made(tmp_path, log, ".md")
    for words in ("DIVERGED since step", "timeline", "logs"):
        assert words in html
        assert words in markdown
    assert "```text\n" in markdown
    assert max(markdown) > "\u2800"  # the chart


@pytest.mark.parametrize("ending", [".html", ".md"])
def test_a_page_holds_no_signature_of_an_address(tmp_path: Path, ending: str) -> None:
    """The page goes into an issue; the run is called as the address that it was read from."""
    name = "run.jsonl?X-Amz-Signature=" + "0123456789abcdef" * 4
    page = made(tmp_path, write_jsonl(tmp_path / name, training_rows(falling(60))), ending)
    assert "0123456789abcdef" not in page
    assert "Signature" in page


@pytest.mark.parametrize("ending", [".html", ".md"])
def test_what_a_log_says_is_never_markup(tmp_path: Path, ending: str) -> None:
    rows = [{"step": i, "loss": 2 - i / 100, EVIL: i / 7} for i in range(1, 60)]
    folder = tmp_path / "a`b`[c](d)<img src=x>"
    text = made(tmp_path, write_jsonl(folder / "run.jsonl", rows), ending)
    assert "\x1b" not in text
    assert "\u202e" not in text
    if ending == ".html":
        page = Page(text)
        assert page.asked == []
        assert not page.tags & {"script", "img"}
    else:
        prose = re.sub(r"```text.*?```", "", text, flags=re.S)
        assert not re.search(r"(?<!\\)[<`\[]", prose)


def test_a_report_is_of_one_run_and_says_what_else_would_do(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_jsonl(tmp_path / "runs" / name / "run.jsonl", training_rows(falling(40)))
    done = run("report", tmp_path / "runs", "-o", tmp_path / "x.md")
    assert done.returncode == 2
    assert "a report is of one run, and these are 2" in done.stderr
    assert not (tmp_path / "x.md").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("x.pdf", "write to a file that ends in .md, .html"),
        ("none/x.md", "there is no folder"),
    ],
)
def test_where_it_cannot_write_it_says_so_before_it_reads(
    tmp_path: Path, name: str, words: str
) -> None:
    done = run("report", tmp_path / "missing", "-o", tmp_path / name)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_that_failed_at_once_has_a_page_too(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    rows = "".join(f"step {i} loss {2 - i / 9}\n" for i in range(1, 4))
    log.write_text(rows + "Traceback (most recent call last):\nValueError: no data\n")
    assert "ValueError" in Page(made(tmp_path, log, ".html")).text

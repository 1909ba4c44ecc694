"""What the README and the reference in .github/docs show works as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from lossmon import config
from lossmon.cli import cli
from tests.report.test_cli import run

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = {
    page.name: page.read_text(encoding="utf-8")
    for page in sorted((ROOT / ".github" / "docs").glob("*.md"))
}
HOME = "https://github.com/lossmon/lossmon/blob/main/"
RAW = "https://raw.githubusercontent.com/lossmon/lossmon/main/"
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]+))?\)")


def block(language: str, holds: str) -> str:
    """The fenced block in a language that holds some words, of whatever page."""
    blocks = (
        text
        for page in (README, *PAGES.values())
        for text in re.findall(rf"```{language}\n(.*?)```", page, re.S)
    )
    return next(text for text in blocks if holds in text)


def test_a_package_adds_its_format_by_entry_point(tmp_path: Path) -> None:
    site = tmp_path / "site"
    info = site / "lossmon_beeps-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "lossmon_beeps.py").write_text(block("python", 'NAME = "beeps"'))
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lossmon-beeps\nVersion: 1.0\n")
    named = re.search(r"beeps = \"(\w+)\"", block("toml", "entry-points"))
    assert named is not None
    (info / "entry_points.txt").write_text(f"[lossmon.formats]\nbeeps = {named[1]}\n")
    log = tmp_path / "train.beep"
    log.write_text("BEEP\n" + "".join(f"{i} {2 - i / 100}\n" for i in range(1, 31)))
    found = json.loads(run("check", "--json", log, PYTHONPATH=f"{site}:{ROOT}").stdout)
    assert found["logs"][0]["format"] == "beeps"
    assert found["metrics"]["train_loss"]["n"] == 30


def test_the_settings_shown_are_settings(tmp_path: Path) -> None:
    settings = tmp_path / "config.toml"
    settings.write_text(block("toml", "[[lines]]"))
    log = tmp_path / "odd.log"
    log.write_text("".join(f"<<{i}>> obj~{2 - i / 100:.4f}\n" for i in range(1, 41)))
    found = json.loads(run("check", "--json", log, LOSSMON_CONFIG=str(settings)).stdout)
    assert found["logs"][0]["format"] == "odd"


def test_the_patterns_shown_are_taken_as_told(tmp_path: Path) -> None:
    assert config.parse(block("toml", 'noisy = "off"').encode()).patterns == {
        "noisy": "off",
        "plateau": "warning",
    }
    log = tmp_path / "run.log"
    log.write_text("".join(f"step {i} loss {2.3026 + i % 3 / 1000:.4f}\n" for i in range(1, 201)))
    for options, pattern in (("--classes 10", "chance_level"), ("--total-steps 20000", "healthy")):
        line = f"lossmon check run.log {options.split()[0]}"
        assert line in block("sh", line)
        found = json.loads(run("check", "--json", log, *options.split()).stdout)
        assert (pattern == "chance_level") == (
            pattern in {one["pattern"] for one in found["findings"]}
        )


def test_the_readme_leads_and_leaves_the_reference_to_its_pages() -> None:
    assert len(README.splitlines()) <= 160
    for name in set(PAGES) - {"README.md", "zh-CN.md"}:
        assert f"({HOME}.github/docs/{name})" in README, name
        assert f"({name})" in PAGES["README.md"], name


def test_links_of_the_readme_hold_on_the_index_page_too() -> None:
    """A package index shows the README alone: a relative link leads nowhere there."""
    for link in re.findall(r"\]\(([^)#]+)", README):
        path = link.removeprefix(RAW).removeprefix(HOME)
        assert path != link, f"{link} is not absolute"
        assert (ROOT / path).is_file(), link
        assert link.startswith(RAW) == path.endswith(".svg"), link


@pytest.mark.parametrize("name", [*PAGES, "../README.zh-CN.md", "../CONTRIBUTING.md"])
def test_links_between_pages_lead_to_something(name: str) -> None:
    page = ROOT / ".github" / "docs" / name
    for link, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        aimed = page.parent / link if link else page
        assert aimed.is_file(), link
        titles = re.findall(r"(?m)^#+ (.*)$", aimed.read_text(encoding="utf-8")) if anchor else []
        assert not anchor or anchor in {_anchor(title) for title in titles}, f"{link}#{anchor}"


def _anchor(title: str) -> str:
    """The name by which GitHub lets a heading be linked to."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def test_a_binary_file_is_refused_as_shown(tmp_path: Path) -> None:
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b'\x10\0\0\0\0\0\0\0{"a": {}}' + bytes(100))
    shown = block("console", "model.safetensors").splitlines()[1].split("model.safetensors")[1]
    assert run("check", weights).stderr.strip().endswith(shown)


def commands(text: str) -> list[str]:
    """The commands of a text, without what is said of them."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.S)
    lines = [
        re.split(r"\s+#\s", line)[0].rstrip() for block in blocks for line in block.split("\n")
    ]
    return [line for line in lines if line]


def test_the_chinese_readme_shows_the_same_commands() -> None:
    chinese = (ROOT / ".github" / "README.zh-CN.md").read_text(encoding="utf-8")
    assert README.startswith(f"[中文]({HOME}.github/README.zh-CN.md)\n")
    assert commands(chinese) == commands(README)


def test_the_chinese_reference_shows_commands_of_the_english_one() -> None:
    english = {one for name, page in PAGES.items() if name != "zh-CN.md" for one in commands(page)}
    assert set(commands(PAGES["zh-CN.md"])) <= english


def test_both_readmes_show_the_same_pictures() -> None:
    chinese = (ROOT / ".github" / "README.zh-CN.md").read_text(encoding="utf-8")
    pictures = r"screenshots/([\w.]+)\)"
    shown = [name.replace("chinese", "wide") for name in re.findall(pictures, chinese)]
    assert shown == re.findall(pictures, README)  # the first one is of the screen in Chinese


def test_the_workflow_shown_is_one_and_its_commands_exist() -> None:
    workflow = yaml.safe_load(block("yaml", "jobs:"))
    (job,) = workflow["jobs"].values()
    lines = [step["run"] for step in job["steps"] if "run" in step]
    told = [line for line in (*lines, *commands(PAGES["ci.md"])) if line.startswith("lossmon ")]
    assert len(told) > 4
    for line in told:
        name = line.split()[1]
        options = {option for one in cli.commands[name].params for option in one.opts}
        assert set(re.findall(r"(?<=\s)--?[a-z][\w-]*", line)) <= options, line

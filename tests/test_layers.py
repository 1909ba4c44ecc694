"""The direction of the arrows: lower layers know nothing of upper ones, and heavy packages wait."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.sources import PACKAGE, demand, files, named, nodes, tree

ORDER = (
    "words",
    "logs",
    "formats",
    "history",
    "hparams",
    "diagnosis",
    "monitor",
    "chart",
    "presentation",
    "report",
    "tui",
)
SIBLINGS = (
    {"logs", "formats", "history"},  # these meet in monitor/ and never import each other
    {"report", "tui"},  # front ends: what both need is in presentation/
)


@cache
def imported(path: Path) -> frozenset[str]:
    """Names of the lossmon sub-packages and the outside packages that a file imports."""
    names: set[str] = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def _is_above(other: str, layer: str) -> bool:
    """Whether a layer may not import another; none is parsed that does not name it."""
    siblings = other != layer and any({layer, other} <= some for some in SIBLINGS)
    return siblings or ORDER.index(other) > ORDER.index(layer)


@pytest.mark.parametrize("layer", ORDER)
def test_a_layer_imports_only_layers_below_it(layer: str) -> None:
    paths = files(PACKAGE / layer)
    assert paths
    above = {other for other in ORDER if _is_above(other, layer)}
    may = re.compile(rf"\blossmon\.(?:{'|'.join(above)})\b|\bfrom lossmon import\b")
    upward = []
    for path in paths:
        for name in imported(path) if may.search(path.read_text(encoding="utf-8")) else ():
            parts = name.split(".")
            other = parts[1] if parts[0] == "lossmon" and len(parts) > 1 else layer
            if other in above:
                upward.append(f"{named(path)} imports {name}")
    assert not upward


# What no file without a private name of another has: most of the package need not be parsed.
_MAY_USE = re.compile(
    r"(?<!\bself)(?<!\bcls)(?<!super\(\))\._(?!_)\w|import \([^)]*\b_(?!_)\w|import [^\n(]*\b_(?!_)\w"
)
_PUBLIC = {"_replace", "_asdict", "_fields", "_exit"}  # of named tuples and os, so by their manuals


def test_what_is_private_is_used_by_its_owner_alone() -> None:
    """`other._name` ties two files together where neither says so."""
    used = []
    for path in files():
        if path.name == "textual_private.py":
            continue  # the one place that knows Textual's, and a test of its own
        if not _MAY_USE.search(path.read_text(encoding="utf-8")):
            continue
        for node in nodes(path):
            if isinstance(node, ast.ImportFrom):
                private = [one.name for one in node.names if re.match("_(?!_)", one.name)]
                used += [f"{named(path)}:{node.lineno}: {name}" for name in private]
            if not isinstance(node, ast.Attribute) or not node.attr.startswith("_"):
                continue
            if node.attr.startswith("__") or node.attr in _PUBLIC:
                continue
            if ast.unparse(node.value) not in ("self", "cls", "super()"):
                used.append(f"{named(path)}:{node.lineno}: {ast.unparse(node)}")
    assert not used


def test_the_map_of_a_package_names_all_that_is_in_it() -> None:
    missing = []
    for path in files():
        if path.name != "__init__.py" or path.parent.name in ("patterns", "schemes", "strips"):
            continue  # what is in these three, a list in them says
        told = ast.get_docstring(tree(path)) or ""
        there = [one.stem for one in path.parent.glob("*.py") if one != path]
        there += [one.parent.name for one in path.parent.glob("*/__init__.py")]
        missing += [
            f"lossmon/{named(path)}: say what {name} is in its docstring"
            for name in sorted(there)
            if not re.search(rf"(?<!\w){name}(?!\w)", told)
        ]
    demand(missing)


def test_a_file_is_read_in_one_sitting() -> None:
    long = {
        named(path): lines
        for path in files()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long, "split them by idea"


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("textual", "tui/"),
        ("plotext", "chart/canvas.py"),
        ("watchdog", "logs/local.py"),
    ],
)
def test_a_package_is_imported_in_its_one_place(package: str, allowed: str) -> None:
    for path in files():
        if package not in path.read_text(encoding="utf-8"):
            continue
        if any(name.split(".")[0] == package for name in imported(path)):
            assert named(path).startswith(allowed)


def loaded_after(code: str) -> set[str]:
    """Top-level packages in memory after running code in a fresh interpreter."""
    program = f"import sys\n{code}\nprint('\\n'.join({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_check_works_without_the_screen_and_without_pandas(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text("".join(f'{{"step": {i}, "loss": {2 / (i + 1)}}}\n' for i in range(50)))
    loaded = loaded_after(
        f"sys.argv = ['lossmon', 'check', '--json', {str(log)!r}]\n"
        "from lossmon.cli import main\n"
        "try: main()\nexcept SystemExit as end: assert end.code == 0, end"
    )
    assert not loaded & {"textual", "pandas", "plotext", "watchdog"}
    assert not loaded & {"fsspec", "s3fs", "aiohttp", "paramiko"}, "for logs elsewhere"


def test_help_loads_nothing_heavy() -> None:
    loaded = loaded_after("import lossmon.cli")
    assert not loaded & {"textual", "pandas", "plotext", "watchdog", "numpy"}


def test_a_picture_of_a_log_loads_what_it_needs(tmp_path: Path) -> None:
    """No decoders of other formats, nor what finds packages with more of them."""
    log = tmp_path / "log.jsonl"
    log.write_text("".join(f'{{"step": {i}, "loss": {2 / (i + 1)}}}\n' for i in range(50)))
    program = (
        f"import sys\nsys.argv = ['lossmon', 'plot', {str(log)!r}]\n"
        "from lossmon.cli import main\n"
        "try: main()\nexcept SystemExit as end: assert not end.code, end\n"
        "print(*sys.modules, sep='\\n', file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert "lossmon.formats.jsonl" in loaded
    assert not loaded & {"lossmon.formats.text", "lossmon.formats.csv", "importlib.metadata"}
    assert not loaded & {"numpy.ma", "zipfile"}, "a tenth of a start"


def test_threads_of_numpy_are_not_forbidden_to_what_we_start() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import os\nfrom lossmon.options import one_thread\none_thread()\n"
            "print(len(os.listdir('/proc/self/task')), 'OPENBLAS_NUM_THREADS' in os.environ)",
        ],
        capture_output=True,
        text=True,
        check=True,
        env={name: value for name, value in os.environ.items() if "NUM_THREADS" not in name},
    )
    assert done.stdout.split() == ["1", "False"]

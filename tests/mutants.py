"""Small changes of the product, one of one node of the syntax tree each: what `tests.mutation` tries."""

from __future__ import annotations

import ast
import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from tests.reach import ROOT

_COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_REPLACED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip


def changes(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in place of a node."""
    changed = copy.deepcopy(node)
    if isinstance(changed, ast.Compare) and type(changed.ops[0]) in _COMPARED:
        changed.ops[0] = _COMPARED[type(changed.ops[0])]()
        yield changed
    elif isinstance(changed, ast.BoolOp):
        changed.op = ast.And() if isinstance(changed.op, ast.Or) else ast.Or()
        yield changed
        for i in range(len(changed.values)):
            less = copy.deepcopy(node)
            assert isinstance(less, ast.BoolOp)
            del less.values[i]
            yield less if len(less.values) > 1 else less.values[0]
    elif isinstance(changed, ast.BinOp) and type(changed.op) in _REPLACED:
        changed.op = _REPLACED[type(changed.op)]()
        yield changed
    elif isinstance(changed, ast.UnaryOp) and isinstance(changed.op, ast.Not):
        yield changed.operand
    elif isinstance(changed, ast.Constant) and type(changed.value) is bool:
        changed.value = not changed.value
        yield changed
    elif isinstance(changed, ast.Constant) and type(changed.value) in (int, float):
        changed.value += 1
        yield changed
    elif isinstance(changed, ast.Expr) and isinstance(changed.value, ast.Call):
        yield ast.copy_location(ast.Pass(), node)


def _parts(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Every node with the place where it hangs; not what only types or documents."""
    only_declared = ("decorator_list", "annotation", "returns")
    declared = {
        id(node)
        for part in ast.walk(tree)
        for name in only_declared
        for one in _listed(getattr(part, name, None))
        for node in ast.walk(one)
    }
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if id(parent) in declared or name in (*only_declared, "slice"):
                continue
            if isinstance(value, ast.AST):
                yield parent, name, None, value
            elif isinstance(value, list):
                nodes = ((i, node) for i, node in enumerate(value) if isinstance(node, ast.AST))
                yield from ((parent, name, i, node) for i, node in nodes)


def _listed(value: ast.AST | list[ast.AST] | None) -> list[ast.AST]:
    """One node, several or none as a list."""
    return value if isinstance(value, list) else [value] if value is not None else []


@dataclass
class Mutant:
    """One change of a file of lossmon/."""

    file: str  # from the root of the project
    line: int
    told: str
    statement: int  # the line where the statement begins that it is a part of
    defines: str | None  # what that statement gives a value when the file is imported
    code: Callable[[], CodeType]  # of the whole file

    def __str__(self) -> str:
        return f"{self.file.removeprefix('lossmon/')}:{self.line}: {self.told}"


def mutants(file: str) -> list[Mutant]:
    """Each mutant of a file; compiled when it is asked for, since of some hundred one is drawn."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    above = {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    found = []
    for parent, name, i, node in _parts(tree):
        for changed in changes(node) if hasattr(node, "lineno") else ():

            def code(
                parent: ast.AST = parent, name: str = name, i: int | None = i,
                changed: ast.AST = changed,
            ) -> CodeType:  # fmt: skip
                field = getattr(parent, name)
                held = changed if i is None else [*field[:i], changed, *field[i + 1 :]]
                setattr(parent, name, held)
                try:
                    return compile(ast.fix_missing_locations(tree), str(ROOT / file), "exec")
                finally:
                    setattr(parent, name, field)

            told = f"{ast.unparse(node)[:60]}  ->  {ast.unparse(changed)[:60]}"
            found += [Mutant(file, node.lineno, told, *_place(node, above), code)]
    return found


def _place(node: ast.AST, above: dict[int, ast.AST]) -> tuple[int, str | None]:
    """The line where the statement of a node begins; the name that it defines outside functions."""
    statement, defines = 0, ""
    while id(node) in above:
        parent = above[id(node)]
        if isinstance(node, ast.stmt) and not statement:
            statement = node.lineno
        if isinstance(parent, (ast.FunctionDef, ast.AsyncFunctionDef)):
            if isinstance(node, ast.stmt):
                return statement, None
            defines = defines or parent.name
        target = parent.targets[0] if isinstance(parent, ast.Assign) else parent
        target = target.target if isinstance(target, ast.AnnAssign) else target
        defines = defines or (target.id if isinstance(target, ast.Name) else "")
        node = parent
    return statement, defines


def drawn(count: int, seed: int) -> list[Mutant]:
    """So many mutants, spread over the folders."""
    rng = random.Random(seed)
    folders: dict[str, list[Path]] = {}
    for path in sorted((ROOT / "lossmon").rglob("*.py")):
        if path.name != "__init__.py":
            folders.setdefault(path.relative_to(ROOT / "lossmon").parts[0], []).append(path)
    chosen: list[Path] = []
    while len(chosen) < count:  # a folder has its turn until it has no more files
        for paths in folders.values():
            if paths:
                chosen += [paths.pop(rng.randrange(len(paths)))]
    made = (mutants(str(path.relative_to(ROOT))) for path in chosen[:count])
    return [rng.choice(found) for found in made if found]

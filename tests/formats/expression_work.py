"""How much work an expression makes in the worst case, counted in steps and not in seconds.

`re` backtracks. `Program` is the same search as a small machine that counts its steps; `attacks`
finds the texts on which an expression works most: it looks for two ways through one text, as
`regexploit` and `recheck` do. A loop that reads a word in two ways (or two loops that may share it,
or a loop at the start of a search) makes the work grow faster than the text: that word, again and
again, is the attack.
"""

from __future__ import annotations

import re
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    try:
        from re import _constants as ops  # type: ignore[attr-defined]
        from re import _parser as parser  # type: ignore[attr-defined]
    except ImportError:  # Python 3.10
        import sre_constants as ops
        import sre_parse as parser

Test = Callable[[str], bool]
Moves = list[dict[str, list[int]]]  # state -> character -> where it leads, once for each way
_UNROLLED = 2  # of a bounded repeat, where ways are looked for
_AS_ENDLESS = 64  # a bound from which on a repeat is looked at as if it had none
_MOST_NODES = 20_000  # of one search for a word
_MOST_PUMPS = 40  # words tried for one expression


@dataclass
class Step:
    """An instruction: a character, a choice, a jump, a condition or the end."""

    kind: str
    test: Test | None = None
    to: tuple[int, ...] = ()
    what: Any = None


_CATEGORIES: dict[str, Test] = {
    "DIGIT": str.isdecimal,
    "SPACE": str.isspace,
    "WORD": lambda c: c.isalnum() or c == "_",
}


def _category(name: str, ascii_only: bool) -> Test:
    name = name.removeprefix("CATEGORY_")
    test = _CATEGORIES[name.removeprefix("NOT_")]
    within: Test = (lambda c: ord(c) < 128 and test(c)) if ascii_only else test
    return (lambda c: not within(c)) if name.startswith("NOT_") else within


class _Remembered(dict[str, bool]):
    """What a test said of each character: looked up some hundred million times."""

    def __init__(self, test: Test) -> None:
        super().__init__()
        self._test = test

    def __missing__(self, char: str) -> bool:
        self[char] = said = self._test(char)
        return said


class Program:
    """An expression as a machine that backtracks.

    Args:
        pattern: of text or bytes; bytes are read as Latin-1.
        unrolled: repeats of a bounded loop, at most; None for all.
    """

    def __init__(self, pattern: re.Pattern[Any], unrolled: int | None = None) -> None:
        self._bytes = isinstance(pattern.pattern, bytes)
        self._unrolled = unrolled
        self.steps: list[Step] = []
        self.chars: set[str] = set("a0 \n!\x00é")  # worth trying
        self._write(parser.parse(pattern.pattern, pattern.flags), pattern.flags)
        self._add("match")

    def _add(self, kind: str, test: Test | None = None, what: Any = None) -> Step:
        self.steps.append(Step(kind, test, (), what))
        return self.steps[-1]

    # --- from the parsed expression to steps ----------------------------------------------------

    def _write(self, tree: Any, flags: int) -> None:
        for op, value in tree:
            self._one(str(op), value, flags)

    def _one(self, op: str, value: Any, flags: int) -> None:
        here = len(self.steps)
        if op in ("LITERAL", "NOT_LITERAL", "ANY", "IN"):
            self._add("char", self._test(op, value, flags))
        elif op == "BRANCH":
            choice, ends = self._add("split"), []
            for branch in value[1]:
                choice.to += (len(self.steps),)
                self._write(branch, flags)
                ends.append(self._add("jump"))
            for end in ends:
                end.to = (len(self.steps),)
        elif op == "SUBPATTERN":
            group, added, removed, body = value
            self._write(body, (flags | added) & ~removed)
            if group is not None:
                self._add("took", what=group)
        elif op in ("MAX_REPEAT", "MIN_REPEAT"):
            self._repeat(*value, greedy=op == "MAX_REPEAT", flags=flags)
        elif op in ("ASSERT", "ASSERT_NOT"):
            direction, body = value
            inner = Program.__new__(Program)
            inner._bytes, inner._unrolled, inner.steps, inner.chars = (
                self._bytes, self._unrolled, [], self.chars,
            )  # fmt: skip
            inner._write(body, flags)
            inner._add("match")
            back = body.getwidth()[0] if direction < 0 else 0
            self._add("look", what=(inner, back, op == "ASSERT"))
        elif op == "AT":
            self._add("at", what=(str(value), bool(flags & re.MULTILINE)))
        elif op == "GROUPREF_EXISTS":
            group, yes, no = value
            choice = self._add("took?", what=group)
            self._write(yes, flags)
            end = self._add("jump")
            choice.to = (here + 1, len(self.steps))
            self._write(no or [], flags)
            end.to = (len(self.steps),)
        else:
            raise NotImplementedError(op)

    def _repeat(self, least: int, most: Any, body: Any, greedy: bool, flags: int) -> None:
        endless = most is ops.MAXREPEAT
        if self._unrolled is not None and (endless or most >= _AS_ENDLESS):
            least, most, endless = min(least, self._unrolled), ops.MAXREPEAT, True
        elif self._unrolled is not None:
            least, most = min(least, self._unrolled), min(most, self._unrolled)
        for _ in range(least):
            self._write(body, flags)
        choices = []
        may_be_empty = body.getwidth()[0] == 0
        for _ in range(1 if endless else most - least):
            choice = self._add("split")
            at = len(self.steps)
            if may_be_empty:
                self._add("mark", what=at)
            self._write(body, flags)
            if may_be_empty:
                self._add("moved", what=at)
            choices.append((choice, at))
            if endless:
                self._add("jump").to = (at - 1,)
        end = len(self.steps)
        for choice, at in choices:
            choice.to = (at, end) if greedy else (end, at)

    def _test(self, op: str, value: Any, flags: int) -> Test:
        if op == "ANY":
            return (lambda _: True) if flags & re.DOTALL else (lambda c: c != "\n")
        items = value if op == "IN" else [("LITERAL", value)]
        negated = op == "NOT_LITERAL"
        tests: list[Test] = []
        singles: set[str] = set()
        for kind, what in items:
            if str(kind) == "NEGATE":
                negated = True
            elif str(kind) == "LITERAL":
                singles.add(chr(what))
            elif str(kind) == "RANGE":
                low, high = map(chr, what)
                self.chars |= {low, high}
                tests.append(lambda c, low=low, high=high: low <= c <= high)  # type: ignore[misc]
            else:
                tests.append(_category(str(what), self._bytes or bool(flags & re.ASCII)))
        self.chars |= singles

        either_case = bool(flags & re.IGNORECASE)

        def within(c: str) -> bool:
            forms = {c, c.lower(), c.upper()} if either_case else {c}
            found = any(f in singles or any(test(f) for test in tests) for f in forms)
            return found != negated

        return _Remembered(within).__getitem__

    # --- running it -----------------------------------------------------------------------------

    def work(self, text: str, everywhere: bool, most: int) -> int:
        """Steps that it takes to find all matches; only at the start unless `everywhere`.

        Stops when there were `most`.
        """
        count, start = 0, 0
        while start <= len(text) and count < most:
            end, taken = self._run(text, start, most - count)
            count += taken
            if not everywhere:
                break
            start = max(start + 1, -1 if end is None else end)
        return count

    @cached_property
    def _read(self) -> list[tuple[str, tuple[int, ...], Any]]:
        """The steps as they are run."""
        return [(step.kind, step.to, step.test or step.what) for step in self.steps]

    def _run(self, text: str, start: int, most: int) -> tuple[int | None, int]:
        """Where a match ends that begins here, and the steps it took."""
        steps, size, count = self._read, len(text), 0
        stack: list[tuple[int, int, Any]] = [(0, start, None)]
        while stack and count < most:
            at, pos, notes = stack.pop()
            while count < most:
                count += 1
                kind, to, what = steps[at]
                if kind == "char":
                    if pos >= size or not what(text[pos]):
                        break
                    pos += 1
                    at += 1
                elif kind == "split":
                    at = to[0]
                    stack += [(other, pos, notes) for other in to[:0:-1]]
                elif kind == "jump":
                    at = to[0]
                elif kind == "match":
                    return pos, count
                elif kind == "mark":
                    notes = (what, pos, notes)
                    at += 1
                elif kind == "moved":
                    note = notes
                    while note[0] != what:
                        note = note[2]
                    if note[1] == pos:  # a turn of a loop that read nothing
                        break
                    notes = note[2]
                    at += 1
                elif kind == "took":
                    notes = (("group", what), pos, notes)
                    at += 1
                elif kind == "took?":
                    note = notes
                    while note is not None and note[0] != ("group", what):
                        note = note[2]
                    at = to[note is None]
                elif kind == "look":
                    inner, back, wanted = what
                    end, taken = None, 1
                    if pos >= back:
                        end, taken = inner._run(text, pos - back, most - count)
                    count += taken
                    if (end is not None) != wanted:
                        break
                    at += 1
                else:
                    if not _stands(what, text, pos):
                        break
                    at += 1
        return None, count

    # --- looking for two ways -------------------------------------------------------------------

    @cached_property
    def alphabet(self) -> list[str]:
        """A character for each set of those that no step tells apart."""
        tests = [step.test for step in self.steps if step.test is not None]
        alike = {tuple(test(c) for test in tests): c for c in sorted(self.chars, reverse=True)}
        return sorted(alike.values())

    def _begin(self, at: int, seen: tuple[int, ...] = ()) -> Iterator[int]:
        """The characters that may be read next, once for each way to come there."""
        step = self.steps[at]
        if step.kind in ("char", "match"):
            yield at
        elif seen.count(at) < 2:  # a loop may be left, and entered again by one around it
            for to in step.to or (at + 1,):
                yield from self._begin(to, (*seen, at))

    def ways(self, everywhere: bool) -> tuple[Moves, list[int]]:
        """Where each character leads from each state, and where it begins.

        The last state is that of a search that has not begun to match.
        """
        begin = list(islice(self._begin(0), 5000))
        size = len(self.steps)
        moves: Moves = []
        for at, step in enumerate(self.steps):
            after = list(islice(self._begin(at + 1), 5000)) if step.test is not None else []
            read = [c for c in self.alphabet if step.test is not None and step.test(c)]
            moves.append(dict.fromkeys(read, after))
        searching = [size, *begin] if everywhere else []
        moves.append(dict.fromkeys(self.alphabet if searching else (), searching))
        return moves, searching or begin


def _stands(what: tuple[str, bool], text: str, pos: int) -> bool:
    name, lines = what
    if name == "AT_BEGINNING" and lines:
        return pos == 0 or text[pos - 1] == "\n"
    if name in ("AT_BEGINNING", "AT_BEGINNING_STRING"):
        return pos == 0
    if name == "AT_END":
        return pos == len(text) or text[pos:] == "\n" or (lines and text[pos] == "\n")
    if name == "AT_END_STRING":
        return pos == len(text)
    word = _CATEGORIES["WORD"]
    before = pos > 0 and word(text[pos - 1])
    behind = pos < len(text) and word(text[pos])
    return (before != behind) == (name == "AT_BOUNDARY")


@dataclass(frozen=True)
class Attack:
    """A text that can be grown: `head`, then `pump` again and again, then `tail`."""

    head: str
    pump: str
    tail: str

    def text(self, length: int) -> str:
        """It, about so long."""
        n = max(1, (length - len(self.head) - len(self.tail)) // len(self.pump))
        return self.head + self.pump * n + self.tail


def attacks(pattern: re.Pattern[Any], everywhere: bool) -> Iterator[Attack]:
    """Texts that may be read in more ways the longer they are."""
    program = Program(pattern, _UNROLLED)
    moves, begin = program.ways(everywhere)
    heads = _words(moves, begin)
    leads = _leads(moves)
    loops = _loops(moves, leads)
    cyclic = [p for p in heads if leads[p] >> p & 1]
    seen: set[str] = set()
    for p in cyclic:
        found = [_twice(loops, p)]
        found += [
            _shared(moves, loops, p, q, leads[q])
            for q in cyclic
            if q != p and leads[q] >> p & 1 and loops[p].keys() & loops[q].keys()
        ]
        for pump in filter(None, found):
            if pump not in seen and len(seen) < _MOST_PUMPS:
                seen.add(pump)
                yield from (Attack(heads[p], pump, tail) for tail in ("\x00", "", "\n", "a", " "))
                # Another branch that reads all the rest would hide the work: let it end soon.
                yield from (Attack(heads[p], pump + c, "\x00") for c in program.alphabet)


def _words(moves: Moves, begin: list[int]) -> dict[int, str]:
    """The shortest text that leads to each state."""
    words = dict.fromkeys(begin, "")
    queue = deque(words)
    while queue:
        p = queue.popleft()
        for c, targets in moves[p].items():
            for q in targets:
                if q not in words:
                    words[q] = words[p] + c
                    queue.append(q)
    return words


def _leads(moves: Moves) -> list[int]:
    """For each state those that lead to it by one character or more, a bit for each."""
    leads = [0] * len(moves)
    for p, move in enumerate(moves):
        for q in {q for targets in move.values() for q in targets}:
            leads[q] |= 1 << p
    for through, move in enumerate(moves):
        if move and leads[through]:
            for q, before in enumerate(leads):
                if before >> through & 1:
                    leads[q] |= leads[through]
    return leads


def _loops(moves: Moves, leads: list[int]) -> Moves:
    """Of the moves those from which a way leads back."""
    loops: Moves = []
    for p, move in enumerate(moves):
        kept = {c: [q for q in targets if leads[p] >> q & 1] for c, targets in move.items()}
        loops.append({c: targets for c, targets in kept.items() if targets})
    return loops


def _twice(loops: Moves, p: int) -> str | None:
    """A word by which a loop comes back to a state in two ways."""
    queue: deque[tuple[int, int, bool, str]] = deque([(p, p, False, "")])
    seen = {(p, p, False)}
    while queue and len(seen) < _MOST_NODES:
        a, b, parted, word = queue.popleft()
        for c in sorted(loops[a].keys() & loops[b].keys()):
            for i, x in enumerate(loops[a][c]):
                for j, y in enumerate(loops[b][c]):
                    now = parted or (i != j if a == b else True)
                    if now and x == y == p:
                        return word + c
                    if (x, y, now) not in seen:
                        seen.add((x, y, now))
                        queue.append((x, y, now, word + c))
    return None


def _shared(moves: Moves, loops: Moves, p: int, q: int, to_q: int) -> str | None:
    """A word that the loop at `p` reads, the loop behind it at `q`, and the way between them."""
    queue: deque[tuple[int, int, int, str]] = deque([(p, p, q, "")])
    seen = {(p, p, q)}
    while queue and len(seen) < _MOST_NODES:
        a, b, d, word = queue.popleft()
        for c in sorted(loops[a].keys() & moves[b].keys() & loops[d].keys()):
            for x in set(loops[a][c]):
                for z in set(loops[d][c]):
                    for y in set(moves[b][c]):
                        if (x, y, z) == (p, q, q):
                            return word + c
                        if (y == q or to_q >> y & 1) and (x, y, z) not in seen:
                            seen.add((x, y, z))
                            queue.append((x, y, z, word + c))
    return None


_LENGTHS = (250, 1000, 4000)  # characters; the last two are beyond all bounded repeats
_MOST = 800  # steps a character, be it linear or not


def worst(pattern: re.Pattern[Any], everywhere: bool) -> tuple[float, str]:
    """How many times as long a text's work grows when the text is four times as long; the text.

    4 is linear, 16 quadratic; infinity where a short text takes too long already.
    """
    program = Program(pattern)
    found = (0.0, "")
    for attack in attacks(pattern, everywhere):
        work = [1.0]
        for length in _LENGTHS:
            steps = program.work(attack.text(length), everywhere, _MOST * length)
            if steps >= _MOST * length:
                return float("inf"), repr(attack)
            work.append(max(steps, length))
            if length > _LENGTHS[0] and work[-1] < 4.5 * work[-2]:
                break
        found = max(found, (work[-1] / work[-2], repr(attack)))
        if found[0] > 6:
            break
    return found

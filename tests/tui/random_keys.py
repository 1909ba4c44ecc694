"""Random keys, clicks, wheel, pastes and resizes on a real pty, over logs that live meanwhile.

    python -m tests.tui.random_keys [--seconds S] [--for S] [--seed N] [--size 40x12] [--ascii] ...

One session a seed; the first that goes wrong ends the run and names its seed. What must hold: the
program lives and answers, what it shows is what it would draw anew, and it leaves at once with the
terminal as it was, status 0 and no crash kept.
"""

from __future__ import annotations

import argparse
import os
import random
import select
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.conftest import falling, training_rows, write_jsonl
from tests.tui.terminal import Terminal
from tests.waiting import PATIENCE_S

_TAKEN, _GIVEN_BACK = b"\x1b[?1049h", b"\x1b[?1049l"
ANSWER_S = LEAVE_S = REST_S = PATIENCE_S
LETTERS = "abcdefghijklmnoprstuvwxyzCGHLNPSTX0123456789+-=[]<>?/!:., "  # not q, which leaves
NAMED = {
    "escape": b"\x1b", "enter": b"\r", "tab": b"\t", "shift+tab": b"\x1b[Z", "backspace": b"\x7f",
    "up": b"\x1b[A", "down": b"\x1b[B", "right": b"\x1b[C", "left": b"\x1b[D",
    "shift+left": b"\x1b[1;2D", "shift+right": b"\x1b[1;2C", "home": b"\x1b[H", "end": b"\x1b[F",
    "pageup": b"\x1b[5~", "pagedown": b"\x1b[6~", "delete": b"\x1b[3~", "f1": b"\x1bOP",
    "ctrl+a": b"\x01", "ctrl+d": b"\x04", "ctrl+k": b"\x0b", "ctrl+l": b"\x0c", "ctrl+p": b"\x10",
    "ctrl+u": b"\x15", "ctrl+w": b"\x17",
}  # fmt: skip
SIZES = [(10, 3), (1, 1), (20, 5), (30, 8), (40, 12), (59, 17), (60, 18), (80, 24), (109, 30),
         (110, 18), (120, 35), (200, 50)]  # fmt: skip
PASTES = ["state:stalled -name", "\x1b]2;title\x07", "损失 loss", "x" * 3000, "\n\n", "'\"[/]$("]


class Logs:
    """Four runs that grow and that a careless person truncates, deletes, replaces and adds to.

    Args:
        folder: where they are written.
        chance: gives everything that is random.
        careless: whether files are also truncated, deleted, replaced.
    """

    def __init__(self, folder: Path, chance: random.Random, careless: bool) -> None:
        self._folder, self._chance, self._careless = folder, chance, careless
        self._step = 200
        folder.mkdir(parents=True)
        write_jsonl(folder / "well" / "log.jsonl", training_rows(falling(200), 1))
        rising = [{"step": i, "loss": 2 / i, "eval_loss": 1 + i / 99, "lr": 1e-4, "epoch": i / 50,
                   "total_steps": 900, "grad_norm": 1.0} for i in range(1, 200)]  # fmt: skip
        write_jsonl(folder / "sft-7b" / "trainer_log.jsonl", rising)
        (folder / "text").mkdir()
        for i in range(1, 200):
            self._append(folder / "text" / "train.log", i)
        (folder / "table").mkdir()
        (folder / "table" / "metrics.csv").write_text("step,loss,acc\n1,2.0,0.1\n2,1.9,0.2\n")

    def live(self) -> None:
        """A moment passes: most logs get a row, and sometimes one gets what no log should."""
        self._step += 1
        logs = [path for path in self._folder.rglob("*") if path.is_file()]
        for log in logs:
            if self._chance.random() < 0.7:
                self._append(log, self._step)
        if self._careless and logs and self._chance.random() < 0.2:
            self._harm(self._chance.choice(logs))

    def _append(self, log: Path, step: int) -> None:
        loss = self._chance.choice([2 / step + 0.5, 0.7, float("nan"), float("inf"), 1e30])
        loss = loss if self._chance.random() < 0.1 else 2 / step + 0.5
        row = {
            ".csv": f"{step},{loss},0.5\n",
            ".log": f"[{step:>4}/900] loss: {loss:.4f} lr: 1e-4 \x1b[31mgrad norm\x1b[0m: 0.9\n",
        }.get(log.suffix, f'{{"step": {step}, "loss": {loss}, "lr": 0.0001}}\n')
        with log.open("a") as file:
            file.write(row)

    def _harm(self, log: Path) -> None:
        how = self._chance.randrange(7)
        if how == 0:
            log.write_text("")
        elif how == 1:
            log.unlink()
        elif how == 2:
            other = log.with_suffix(".new")
            other.write_bytes(log.read_bytes()[: log.stat().st_size // 2])
            other.replace(log)
        elif how == 3:
            log.write_bytes(self._chance.randbytes(3000))
        elif how == 4:
            shutil.rmtree(log.parent)
        elif how == 5:
            log.write_text('{"step": 1, "loss": 3.0}\n' * 3 + '{"step": 2, "loss": 2.0, "x": 1}\n')
        else:
            new = self._folder / f"run-{self._step}\x1b[31m-{'long' * self._chance.randrange(9)}"
            write_jsonl(new / "log.jsonl", training_rows(falling(20)))


class Session:
    """One program, and who plays with it.

    Args:
        seed: decides everything.
        folder: empty; logs, settings and whatever is saved go there.
        seconds: how long.
        size: columns and rows at first.
        arguments: of the command line.
        environment: of the program.
        careless: also harm the logs.
    """

    def __init__(
        self,
        seed: int,
        folder: Path,
        seconds: float,
        *,
        size: tuple[int, int] = (120, 35),
        arguments: Sequence[str] = (),
        environment: dict[str, str] | None = None,
        careless: bool = False,
    ) -> None:
        self.chance = random.Random(seed)
        self.seconds, self.size = seconds, size
        self.logs = Logs(folder / "runs", self.chance, careless)
        self.crash = folder / "state" / "lossmon" / "log" / "crash.txt"
        homes = {name: str(folder / name.lower()) for name in ("HOME", "XDG_CONFIG_HOME")}
        homes["XDG_STATE_HOME"] = str(folder / "state")
        told = " ".join(f"{name}={value}" for name, value in (environment or {}).items())
        start = f'cd {folder} && exec env {told} {sys.executable} -m lossmon "$@"'
        self.terminal = Terminal(
            "runs", *arguments, columns=size[0], rows=size[1],
            program=["/bin/sh", "-c", start, "sh"], environment=homes,
        )  # fmt: skip
        self.done: list[str] = []  # what was played, for who looks into a failure
        self.maybe_quit = False  # the palette has a line that leaves

    def play(self) -> None:
        """Play, and check that all is well; then close.

        Raises:
            AssertionError: what is not well.
        """
        try:
            self.terminal.wait_for_bytes(b"\x1b[?1049h")
            self.terminal.read(self.chance.choice([0.0, 0.5, 2.0]))
            end = time.monotonic() + self.seconds
            while time.monotonic() < end:
                self._one()
                if self._ended() and self.maybe_quit:
                    self._ends()
                    return
            self._answers()
            self._is_not_garbled()
            self._leave()
            self._ends()
            assert not self.terminal.after(), f"it said {self.terminal.after()!r}"
        except AssertionError as error:
            crash = self.crash.read_text() if self.crash.exists() else ""
            raise AssertionError(
                f"{error}\n{self.terminal.text()}\n{crash}\nlast: {' '.join(self.done[-40:])}"
            ) from None
        finally:
            self.terminal.close()

    def _one(self) -> None:
        """One thing that a hand does."""
        chance, terminal = self.chance, self.terminal
        kind = chance.choices(
            ["letter", "named", "mouse", "drag", "resize", "paste", "live", "burst"],
            [40, 25, 12, 5, 5, 2, 12, 3],
        )[0]
        if kind == "letter":
            self._send(chance.choice(LETTERS).encode(), kind)
        elif kind == "named":
            name = chance.choice(list(NAMED))
            self.maybe_quit = self.maybe_quit or name == "ctrl+p"
            self._send(NAMED[name], name)
        elif kind == "mouse":
            button = chance.choice([0, 0, 0, 1, 2, 4, 64, 65, 64, 65])
            self._mouse(button, *self._place(), press=True)
            if button < 64:
                self._mouse(button, *self._place(0.2), press=False)
        elif kind == "drag":
            self._mouse(0, *self._place(), press=True)
            for _ in range(chance.randrange(1, 5)):
                self._mouse(32, *self._place(), press=True)
            self._mouse(0, *self._place(), press=False)
        elif kind == "resize":
            self.size = self.chance.choice(SIZES)
            self.done.append("{}x{}".format(*self.size))
            terminal.resize(*self.size)
        elif kind == "paste":
            self._send(b"\x1b[200~" + chance.choice(PASTES).encode() + b"\x1b[201~", kind)
        elif kind == "live":
            self.logs.live()
        else:
            self._send("".join(chance.choices(LETTERS, k=20)).encode(), kind)
        terminal.read(chance.choice([0.0, 0.0, 0.01, 0.05, 0.1]))

    def _place(self, moved: float = 1.0) -> tuple[int, int]:
        """Where the mouse is: mostly on the screen, now and then just outside of it."""
        if moved == 1.0 or self.chance.random() < moved:
            columns, rows = self.size
            self._at = self.chance.randrange(columns + 2), self.chance.randrange(rows + 2)
        return self._at

    def _mouse(self, button: int, x: int, y: int, *, press: bool) -> None:
        self._send(f"\x1b[<{button};{x + 1};{y + 1}{'M' if press else 'm'}".encode(), "mouse")

    def _send(self, data: bytes, name: str) -> None:
        """Send while reading, as a terminal does: neither side waits for the other for ever."""
        self.done.append(repr(data)[2:-1] if len(data) < 24 else name)
        end = time.monotonic() + ANSWER_S
        while data and not self._ended():
            assert time.monotonic() < end, "it does not take what is typed"
            if select.select([], [self.terminal.fd], [], 0.05)[1]:
                data = data[os.write(self.terminal.fd, data[:256]) :]
            self.terminal.read(0.0)

    def _ended(self) -> bool:
        return self.terminal.ended

    def _answers(self) -> None:
        """Another size is drawn at once, whatever is open."""
        assert not self._ended(), "it has ended"
        self._settle()
        for size in ((100, 30), (120, 35)):
            self.terminal.resize(*size)
            end = time.monotonic() + ANSWER_S
            while not self.terminal.read(0.1):
                assert time.monotonic() < end, "it does not answer"
                assert not self._ended(), "it has ended"

    def _settle(self) -> None:
        """Nothing new, nothing sent; but for a notice that leaves, and a clock."""
        end = time.monotonic() + REST_S
        while self.terminal.read(1.2) or self.terminal.at_work:
            assert time.monotonic() < end, f"it never rests: {bytes(self.terminal.received)[-99:]}"

    def _is_not_garbled(self) -> None:
        """What stands there is what it draws anew; words that a clock changed come to rest."""
        for _ in range(4):
            self._settle()
            before = self.terminal.text()
            self._send(NAMED["ctrl+l"], "ctrl+l")
            self._settle()
            after = self.terminal.text()
            if before == after:
                return
        lines = zip(before.splitlines(), after.splitlines(), strict=True)
        changed = [f"{old}\n{new}" for old, new in lines if old != new]
        raise AssertionError("garbled, before and after:\n" + "\n".join(changed))

    def _leave(self) -> None:
        """By ctrl+c from anywhere, or by q from the main screen; of a replay first to the live one.

        That the terminal was given back once says nothing: a replay that was chosen in the palette
        has done so, and a q that fell into a box of it was taken for the end.
        """
        typed = self.chance.random() < 0.5
        for _ in range(12):
            before = self.terminal.received.count(_GIVEN_BACK)
            if typed:
                self._send(b"\x03", "ctrl+c")
            else:  # whatever is open is closed before; in a box q is a letter
                self._send(NAMED["escape"], "escape")
                self.terminal.read(0.3)
                self._send(b"q", "q")
            self._read_until(
                lambda: self.terminal.received.count(_GIVEN_BACK) > before,  # noqa: B023
                ANSWER_S if typed else 1.0,
            )
            self._read_until(lambda: self._ended() or self._shows(), ANSWER_S)
            if self._ended():
                return

    def _shows(self) -> bool:
        """Whether the program has the terminal."""
        received = self.terminal.received
        return received.count(_TAKEN) > received.count(_GIVEN_BACK)

    def _read_until(self, holds: Callable[[], bool], within_s: float) -> None:
        end = time.monotonic() + within_s
        while not holds() and time.monotonic() < end:
            self.terminal.read(0.1)

    def _ends(self) -> None:
        """At once and without trouble, with the terminal as it was."""
        status = self.terminal.end(LEAVE_S)
        assert status == 0, f"it ended with {status}"
        self.terminal.assert_given_back()
        assert not self.crash.exists(), "a crash was kept"


def main() -> None:
    """Play sessions until the time is over or one goes wrong."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seed", type=int, default=None, help="of the first session")
    parser.add_argument("--seconds", type=float, default=8.0, help="of a session")
    parser.add_argument("--for", type=float, default=600.0, dest="most", help="seconds in all")
    parser.add_argument("--size", default="120x35")
    parser.add_argument("--careless", action="store_true", help="also harm the logs")
    parser.add_argument("--ascii", action="store_true")
    parser.add_argument("--no-color", action="store_true")
    parser.add_argument("--go-on", action="store_true", help="also after one that went wrong")
    told = parser.parse_args()
    columns, rows = map(int, told.size.split("x"))
    seed = random.randrange(10**6) if told.seed is None else told.seed
    end = time.monotonic() + told.most
    while time.monotonic() < end:
        with tempfile.TemporaryDirectory() as folder:
            session = Session(
                seed, Path(folder), told.seconds, size=(columns, rows),
                arguments=["--ascii"] if told.ascii else [],
                environment={"NO_COLOR": "1"} if told.no_color else {},
                careless=told.careless,
            )  # fmt: skip
            try:
                session.play()
                print(f"{seed}: well", flush=True)
            except AssertionError as error:
                print(f"{seed}: {error}", flush=True)
                if not told.go_on:
                    sys.exit(1)
        seed += 1


if __name__ == "__main__":
    main()

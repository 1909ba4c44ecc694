"""The keys of a log that is played back: pause, pace, step by step, from finding to finding."""

from __future__ import annotations

import os
import time
from typing import ClassVar

from textual.binding import Binding, BindingType

from lossmon.logs.replay import ReplaySource
from lossmon.monitor.replay import ReplayMonitor
from lossmon.tui.screens.shared import RunsScreen
from lossmon.tui.tongue import words_of
from lossmon.words import Said, said

Part = tuple[str, str]
_ONLY_THERE = ("replay_step", "replay_onset", "replay_pace")


class ReplayKeys(RunsScreen):
    """Sets the clock of a replay; on a live run, asks for one.

    Attributes:
        replayed: what is played back; None of live runs.
        to_replay: logs that the user wants to see again, once the screen was left for that.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "R",
            "replay",
            "replay",
            show=False,
            tooltip="Replay: see the run come again: what would it have said then?",
        ),
        Binding("full_stop", "replay_step(1)", "next row", key_display=".", show=False),
        Binding("comma", "replay_step(-1)", "row before", key_display=",", show=False),
        Binding("greater_than_sign", "replay_onset(1)", "next finding", key_display=">"),
        Binding("less_than_sign", "replay_onset(-1)", "finding before", key_display="<"),
        Binding("right_curly_bracket", "replay_pace(1)", "faster", key_display="}", show=False),
        Binding("left_curly_bracket", "replay_pace(-1)", "slower", key_display="{", show=False),
    ]
    replayed: ReplayMonitor | None = None
    to_replay: tuple[str, ...] = ()

    @property
    def now(self) -> float:
        """What time it is: of a replay, in its log."""
        return time.time() if self.replayed is None else self.replayed.player.now()

    @property
    def _player(self) -> ReplaySource:
        assert self.replayed is not None
        return self.replayed.player

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Most keys are those of a replay."""
        if action in _ONLY_THERE and self.replayed is None:
            return False
        return super().check_action(action, parameters)

    def action_replay(self) -> None:
        """See the run come again; in a replay, pause it or let it go on."""
        if self.replayed is not None:
            self._player.pause()
            self.show_all()
            return
        update = self.runs.chosen_run
        if update is None:
            self.notify(said("there is no run yet"), timeout=3)
        elif any(log.file == "-" for log in update.logs):
            self.notify(said("a pipe can't be played back; keep it with --tee FILE"), timeout=4)
        else:
            self.to_replay = tuple(dict.fromkeys(_target(log.file) for log in update.logs))
            self.app.exit()

    def action_replay_step(self, by: int) -> None:
        """The next row, or the one before; the replay stops there."""
        self._player.go(by)
        self.show_all()

    def action_replay_onset(self, by: int) -> None:
        """To where the next finding was told or withdrawn, or the one before."""
        assert self.replayed is not None
        step, onsets = self._player.step, self.replayed.onsets()
        ahead = [at for at in onsets if (at > step if by > 0 else at < step)]
        if not ahead:
            self.notify(said("no finding there"), timeout=3)
            return
        self._player.to_step(ahead[0] if by > 0 else ahead[-1])
        self.show_all()

    def action_replay_pace(self, by: int) -> None:
        """Play faster, or slower."""
        self._player.faster(by)
        self.show_all()

    def replay_parts(self) -> list[Part]:
        """How the replay stands, for the line on top."""
        if self.replayed is None:
            return []
        player = self._player
        state: Said = said("paused")
        if player.over:
            state = said("at its end")
        elif player.playing:
            state = said("{speed:g}x", speed=player.speed)
        sign = ("> " if self.ascii else "▶ ") if player.playing and not player.over else ""
        words = said("replay {state} {share:.0%}", state=state, share=player.share)
        return [(f"  {sign}{self._tell(words)}", "bold $text-accent")]

    def _tell(self, words: Said) -> str:
        return words_of(self).say(words)


def _target(log: str) -> str:
    """What a log can be read by again: of a run in a database, the database."""
    path = log
    while path and not os.path.lexists(path) and os.path.dirname(path) != path:
        path = os.path.dirname(path)
    return path if os.path.isfile(path) else log

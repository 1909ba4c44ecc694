"""Findings as annotations of a code host: GitHub's workflow commands, and SARIF 2.1.0.

Both tell what calls for attention, none of what is well, and both name the log as a file below the
folder that the command runs in, where it is one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from lossmon import __version__
from lossmon.diagnosis.knowledge import Knowledge
from lossmon.monitor.update import RunUpdate
from lossmon.presentation.verdict import finding_title
from lossmon.report.against import Against
from lossmon.text import escaped, printable

Level = Literal["error", "warning"]
_HOME = "https://github.com/lossmon/lossmon"
_LEVELS: Mapping[str, Level] = {"critical": "error", "warning": "warning"}


class Note(NamedTuple):
    """Something to tell of a run.

    Attributes:
        run: its name.
        about: the id of a pattern, "behind" or "unreadable".
        level: how bad it is.
        title: in a few words.
        text: what was seen, the likeliest cause, what to do.
        path: of its log, below the current folder; empty where it is elsewhere.
    """

    run: str
    about: str
    level: Level
    title: str
    text: str
    path: str


def written(
    form: str, updates: Sequence[RunUpdate], stand: Mapping[str, Against], knowledge: Knowledge
) -> str:
    """What calls for attention, in a form of a code host: "github" or "sarif"."""
    found = list(notes(updates, stand, knowledge))
    return github(found) if form == "github" else sarif(found, knowledge)


def notes(
    updates: Sequence[RunUpdate], stand: Mapping[str, Against], knowledge: Knowledge
) -> Iterator[Note]:
    """All there is to tell, run by run."""
    for update in updates:
        run, path = printable(update.run), _path(update)
        for finding in update.diagnosis.findings:
            level = _LEVELS.get(finding.severity)
            if level is not None:
                says = [knowledge.say(finding.evidence)]
                says += [knowledge.cause(cause.id).text for cause in finding.causes[:1]]
                says += knowledge.remedies(finding)[:2]
                text = printable("; ".join(one.rstrip(".") for one in says if one))
                title = finding_title(finding, knowledge)
                yield Note(run, finding.pattern, level, title, text, path)
        one = stand.get(update.run)
        if one is not None and one.standing == "behind":
            brief, told = (printable(knowledge.say(t)) for t in (one.in_brief(), one.sentence()))
            yield Note(run, "behind", "error", brief, told, path)
        for error in update.errors:
            told = printable(knowledge.say(error))
            yield Note(run, "unreadable", "warning", knowledge.tell("error"), told, path)


def github(found: Sequence[Note]) -> str:
    """Workflow commands, one a line: GitHub shows them on the run and on the files it knows."""
    lines = []
    for note in found:
        file = f"file={_property(note.path)}," if note.path else ""
        title = _property(f"{note.run}: {note.title}")
        lines.append(f"::{note.level} {file}title={title}::{_data(note.text)}")
    return "\n".join(lines)


def sarif(found: Sequence[Note], knowledge: Knowledge) -> str:
    """A SARIF log, as code scanning takes it."""
    rules = list(dict.fromkeys(note.about for note in found))
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "lossmon",
                        "version": __version__,
                        "informationUri": _HOME,
                        "rules": [_rule(id_, knowledge) for id_ in rules],
                    }
                },
                "results": [_result(note, rules.index(note.about)) for note in found],
            }
        ],
    }
    return escaped(json.dumps(log, allow_nan=False))


def _rule(id_: str, knowledge: Knowledge) -> dict[str, Any]:
    text = knowledge.pattern(id_)
    return {
        "id": id_,
        "shortDescription": {"text": text.title},
        "fullDescription": {"text": text.meaning or text.title},
        "helpUri": f"{_HOME}/blob/main/.github/docs/patterns.md",
    }


def _result(note: Note, rule: int) -> dict[str, Any]:
    # A place is demanded by code scanning, also of what holds for a whole log.
    file = {"uri": quote(note.path or note.run)}
    place = {"artifactLocation": file, "region": {"startLine": 1}}
    return {
        "ruleId": note.about,
        "ruleIndex": rule,
        "level": note.level,
        "message": {"text": f"{note.run}: {note.title}: {note.text}"},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"lossmon/v1": f"{note.run}:{note.about}"},
    }


def _path(update: RunUpdate) -> str:
    """The first log of a run by its path below the current folder; empty where it is elsewhere."""
    if update.host or not update.logs:
        return ""
    path = os.path.relpath(update.logs[0].path)
    return "" if path.startswith(os.pardir) else printable(path.replace(os.sep, "/"))


def _data(text: str) -> str:
    """A text in which nothing ends the command (GitHub's own escapes)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """The same within the list of properties."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")

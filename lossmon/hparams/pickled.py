"""`training_args.bin`, which Hugging Face's Trainer leaves beside each checkpoint: a pickle.

Nothing in it is carried out. Its instructions are walked one by one, those that put a number, a
text, a list or a table on the stack are followed, and whatever would make an object of a class is
an opaque thing with the state it was given. A pickle that does anything else is not read further.
"""

from __future__ import annotations

import io
import pickletools
import zipfile
from dataclasses import dataclass
from typing import Any

from lossmon.hparams.flat import Value, flat

_MOST_BYTES = 1 << 18  # of the pickle
_MOST_STEPS = 20_000
_PICKLE = "data.pkl"
_PLAIN = (
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING",
    "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8",
)  # fmt: skip
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_MARK = object()


@dataclass
class Thing:
    """An object that was not made: its arguments, and its state."""

    arguments: Any = None
    state: Any = None


def of_training_args(data: bytes) -> dict[str, Value]:
    """The settings in a file that `torch.save` wrote of TrainingArguments; else none."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            (name,) = [one for one in archive.namelist() if one.endswith(f"/{_PICKLE}")]
            if archive.getinfo(name).file_size > _MOST_BYTES:
                return {}
            with archive.open(name) as file:
                made = _walk(file.read(_MOST_BYTES))
    except (zipfile.BadZipFile, ValueError, KeyError, IndexError, OSError, NotImplementedError,
            RuntimeError, EOFError, TypeError, AttributeError):  # fmt: skip
        return {}
    state = made.state if isinstance(made, Thing) else None
    if not isinstance(state, dict):
        return {}
    return flat({key: _plain(value) for key, value in state.items() if _told(key)})


def _told(key: Any) -> bool:
    """Whether a field is one that the user may have set: caches begin with an underscore."""
    return isinstance(key, str) and not key.startswith("_")


def _plain(value: Any) -> Any:
    """A member of an enumeration is made of its value; since Python 3.11 of its name."""
    if not isinstance(value, Thing):
        return value
    parts = value.arguments if isinstance(value.arguments, tuple) else ()
    last = parts[-1] if parts else None
    return last.lower() if isinstance(last, str) and len(parts) <= 2 else None


def _walk(data: bytes) -> Any:
    """What a pickle leaves on the stack."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}

    def to_mark() -> list[Any]:
        at = len(stack) - 1
        while stack[at] is not _MARK:
            at -= 1
        items = stack[at + 1 :]
        del stack[at:]
        return items

    for count, (code, argument, _) in enumerate(pickletools.genops(data)):
        name = code.name
        if count > _MOST_STEPS:
            raise ValueError("too long")
        if name in _PLAIN:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name == "MARK":
            stack.append(_MARK)
        elif name in ("EMPTY_DICT", "EMPTY_LIST", "EMPTY_TUPLE", "EMPTY_SET"):
            stack.append({} if "DICT" in name else () if "TUPLE" in name else [])
        elif name in ("TUPLE1", "TUPLE2", "TUPLE3"):
            size = int(name[-1])
            stack[-size:] = [tuple(stack[-size:])]
        elif name == "TUPLE":
            stack.append(tuple(to_mark()))
        elif name in ("LIST", "FROZENSET"):
            stack.append(to_mark())
        elif name in ("APPEND", "APPENDS", "ADDITEMS"):
            items = [stack.pop()] if name == "APPEND" else to_mark()
            if isinstance(stack[-1], list):
                stack[-1].extend(items)
        elif name in ("SETITEM", "SETITEMS"):
            items = [stack.pop(-2), stack.pop()] if name == "SETITEM" else to_mark()
            if isinstance(stack[-1], dict):
                stack[-1].update(zip(items[::2], items[1::2], strict=True))
        elif name in ("BINPUT", "LONG_BINPUT", "PUT", "MEMOIZE"):
            memo[len(memo) if argument is None else int(argument)] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            stack.append(memo[argument or 0])
        elif name in ("GLOBAL", "STACK_GLOBAL", "BINPERSID"):
            del stack[len(stack) - {"GLOBAL": 0, "STACK_GLOBAL": 2, "BINPERSID": 1}[name] :]
            stack.append(Thing())
        elif name in ("REDUCE", "NEWOBJ"):
            arguments = stack.pop()
            stack[-1] = Thing(arguments)
        elif name == "BUILD":
            state = stack.pop()
            if isinstance(stack[-1], Thing):
                stack[-1].state = state
        elif name == "STOP":
            return stack[-1]
        elif name not in ("PROTO", "FRAME"):
            raise ValueError(f"{name} in a file of settings")
    raise ValueError("it does not end")

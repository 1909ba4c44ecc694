"""Files below a directory that may be logs. Standard library, Python 3.6: it is sent to boxes."""

import errno
import fnmatch
import glob
import os
import re
from collections import deque
from typing import Callable, Deque, Dict, Iterator, List, Optional, Set, Tuple  # noqa: F401 - some are for type comments

MAX_DEPTH = 32  # folders below a target that are looked into, one in the other
MAX_ENTRIES = 20000  # files followed below one target, and folders in which they are looked for
MOST_BARRED = 1000  # folders that can't be looked into and are told of
TOO_DEEP = "more than 32 folders deep: not looked into; name this folder itself"
TOO_MANY = (
    "more than 20,000 folders: those beyond were not looked at; name the folders that hold logs"
)

# An event file ends with its host's name, and a host may be called box.md or node.c.
NO_LOG = re.compile(
    r"(?is)^(?!.*tfevents\.\d)(.*\.(pt|pth|bin|safetensors|ckpt|npz|npy|pkl|pickle|h5|hdf5|onnx"
    r"|gguf|msgpack|params|joblib"
    r"|png|jpe?g|gif|svg|pdf|webp|mp[34]|wav|flac|avi|mov|zip|tar|tgz|bz2|xz|7z|whl|jar"
    r"|py|pyc|pyx|c|cc|cpp|h|cu|js|ts|css|ipynb|md|rst|html?|tex|yaml|yml|toml|ini|cfg|conf|lock"
    r"|sh|bat|so|o|a|dll|exe|parquet|arrow|feather|lmdb|tfrecords?|db-(wal|shm)|pid|swp|tmp|bak)"
    r"|(config|generation_config|tokenizer.*|vocab|special_tokens_map|added_tokens|merges"
    r"|adapter_config|preprocessor_config|.*\.index|package(-lock)?|dataset_infos?"
    r"|wandb-(summary|metadata))\.(json|txt)"
    r"|(requirements.*|licen[cs]e.*|readme.*|authors|copying|makefile|dockerfile)(\.txt)?)$"
)
NO_DIRECTORY = re.compile(
    r"^(\..*|__pycache__|node_modules|site-packages|dist-packages|venv|env|.*\.egg-info|labels)$"
)

# Files beside a log that say how its training was set up; on a box nothing but the agent sees them.
SETTINGS = re.compile(
    r"^((hparams|args|params|training_args|config)\.(ya?ml|json)|(hyp|opt|overrides|meta)\.yaml"
    r"|(adapter_config|task|wandb-metadata)\.json|training_args\.bin|requirements\.txt)$"
)
_OF_HYDRA = ".hydra"
_DEEP = "**"  # of a pattern: any folders
_KERNEL = ("/proc/", "/sys/", "/dev/")  # files without an end, some of which wait when read
_KEPT_IN_MEMORY = "/dev/shm/"


def is_log(below: str, settings: bool = False) -> bool:
    """Whether a file may be a log, by its path below the folder that was named.

    Args:
        below: folders and name.
        settings: also files that say how a training was set up.
    """
    return below.count("/") <= MAX_DEPTH and _may_be_log(below, settings)


def is_deep(below: str) -> bool:
    """Whether a file that may be a log lies deeper below the folder that was named than we look."""
    return below.count("/") > MAX_DEPTH and _may_be_log(below, False)


def _may_be_log(below: str, settings: bool) -> bool:
    parts = below.split("/")
    folders, name = parts[:-1], parts[-1]
    if not name or name.startswith("."):
        return False
    hydra = bool(folders) and folders[-1] == _OF_HYDRA
    outer = folders[:-1] if hydra and settings else folders
    if any(NO_DIRECTORY.match(one) for one in outer if one != ".."):
        return False
    if settings and SETTINGS.match(name):
        return True
    return not hydra and not NO_LOG.search(name)


def too_deep_in(below: str) -> str:
    """The outermost folder above a file that is not looked into."""
    return "/".join(below.split("/")[: MAX_DEPTH + 1])


def not_looked(why: str) -> OSError:
    """Why a folder that is there is not looked into: a bound of ours."""
    return OSError(errno.ELOOP, why)


def walk(
    root: str,
    settings: bool = False,
    folders: bool = False,
    cut: "Optional[Set[str]]" = None,
    barred: "Optional[Dict[str, OSError]]" = None,
) -> Iterator[str]:
    """Files below a directory that may be logs: bounded in depth and number, loops are left out.

    A link leads anywhere but up, to a folder that holds this one: one to / led through the whole
    machine. One into what the kernel shows as files is not followed: /proc/self led to thousands.

    Args:
        root: the directory.
        settings: also files that say how a training was set up.
        folders: also the folders in which they are looked for.
        cut: gets the directory where there are more folders than are looked into.
        barred: gets the folders that could not be looked into, each with why; and those that a
            bound of ours leaves out.
    """

    def bar(folder: str, error: OSError) -> None:
        if barred is not None and len(barred) < MOST_BARRED:
            barred[_shown(folder, root)] = error

    seen = set()  # type: Set[Tuple[int, int]]
    real_root = os.path.realpath(root)
    stack = deque([(root, real_root, 0)])  # type: Deque[Tuple[str, str, int]]
    inside = os.path.join(real_root, "")
    while stack:
        directory, real, depth = stack.pop()
        if of_kernel(real):
            continue
        try:
            found = os.stat(directory)
            if (found.st_dev, found.st_ino) in seen:
                continue
            if len(seen) >= MAX_ENTRIES:
                if cut is not None:
                    cut.add(root)
                bar(root, not_looked(TOO_MANY))
                return
            if depth > MAX_DEPTH:
                bar(directory, not_looked(TOO_DEEP))
                continue
            seen.add((found.st_dev, found.st_ino))
            entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
        except OSError as error:  # no permission for a folder is no reason to stop
            if not isinstance(error, FileNotFoundError):
                bar(directory, error)
            continue
        if folders:
            yield directory if root != os.curdir else directory[2:]
        links = []  # type: List[Tuple[str, str, int]]
        below = []  # type: List[Tuple[str, str, int]]
        for entry in entries:
            try:
                at = os.path.realpath(entry.path) if entry.is_symlink() else ""
                if at and inside.startswith(os.path.join(at, "")):
                    continue
                if entry.is_dir():
                    hydra = settings and entry.name == _OF_HYDRA
                    if hydra or not NO_DIRECTORY.match(entry.name):
                        it = (entry.path, at or os.path.join(real, entry.name), depth + 1)
                        (links if at else below).append(it)
                elif entry.is_file() and not entry.name.startswith("."):
                    wanted = settings and SETTINGS.match(entry.name)
                    hidden = os.path.basename(directory) == _OF_HYDRA
                    if not wanted and (hidden or NO_LOG.search(entry.name)):
                        continue
                    if at and (at.startswith(inside) or of_kernel(at)):
                        continue  # `latest.log`: what it points to is found by itself
                    yield entry.path if root != os.curdir else entry.path[2:]
            except OSError:
                continue
        # Real folders come off the stack before links to them, so runs keep their own names.
        stack.extendleft(links)
        stack.extend(below[::-1])


def _shown(folder: str, root: str) -> str:
    """A folder as the target leads to it: below "." without the dot."""
    return folder[2:] if root == os.curdir and folder != root else folder


def of_kernel(real: str) -> bool:
    """Whether a path without links leads to what the kernel shows as files; /dev/shm holds ours."""
    return (real + "/").startswith(_KERNEL) and not (real + "/").startswith(_KEPT_IN_MEMORY)


def matching(
    pattern: str, below: "Optional[Callable[[str], Iterator[str]]]" = None
) -> Iterator[str]:
    """Files and folders that a pattern leads to; ** has the bounds of `walk`.

    Python's own follows links in circles to a depth of 40: of two links to their own folder that
    is 2**40 folders.

    Args:
        pattern: as a shell has it.
        below: the files and folders below one, itself first; as `walk` has them where left out.
    """
    parts = pattern.split("/")
    if _DEEP not in parts:
        for path in glob.iglob(pattern):
            yield path
        return
    at = parts.index(_DEEP)
    start = "/".join(parts[:at]) or ("/" if at else os.curdir)
    for folder in glob.iglob(start):
        for path in below(folder) if below is not None else walk(folder, folders=True):
            names = os.path.relpath(path or os.curdir, folder)
            if _matches([] if names == os.curdir else names.split("/"), parts[at:]):
                yield path or os.curdir


def _matches(names: List[str], parts: List[str]) -> bool:
    """Whether names one below the other are what parts of a pattern ask for."""
    at = _behind_deep({0}, parts)
    for name in names:
        on = {i for i in at if i < len(parts) and parts[i] == _DEEP}
        on |= {
            i + 1
            for i in at
            if i < len(parts) and parts[i] != _DEEP and fnmatch.fnmatchcase(name, parts[i])
        }
        at = _behind_deep(on, parts)
    return len(parts) in at


def _behind_deep(at: Set[int], parts: List[str]) -> Set[int]:
    """Places in a pattern, and those behind a ** that stands for no folder."""
    found = set(at)
    for i in sorted(at):
        while i < len(parts) and parts[i] == _DEEP:
            i += 1
            found.add(i)
    return found

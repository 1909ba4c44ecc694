"""Files below a directory that may be logs. Standard library, Python 3.6: it is sent to boxes."""

import os
import re
from typing import Iterator, List, Set, Tuple  # noqa: F401 - some are for type comments

MAX_DEPTH = 8  # of a directory walk
MAX_ENTRIES = 20000  # files followed below one target

NO_LOG = re.compile(
    r"(?i)(\.(pt|pth|bin|safetensors|ckpt|npz|npy|pkl|pickle|h5|hdf5|onnx|gguf|msgpack|params|joblib"
    r"|png|jpe?g|gif|svg|pdf|webp|mp[34]|wav|flac|avi|mov|zip|tar|tgz|bz2|xz|7z|whl|jar"
    r"|py|pyc|pyx|c|cc|cpp|h|cu|js|ts|css|ipynb|md|rst|html?|tex|yaml|yml|toml|ini|cfg|conf|lock"
    r"|sh|bat|so|o|a|dll|exe|parquet|arrow|feather|lmdb|tfrecords?|db-(wal|shm)|pid|swp|tmp|bak)"
    r"|^(config|generation_config|tokenizer.*|vocab|special_tokens_map|added_tokens|merges"
    r"|adapter_config|preprocessor_config|.*\.index|package(-lock)?|dataset_infos?"
    r"|wandb-(summary|metadata))\.(json|txt)"
    r"|^(requirements.*|licen[cs]e.*|readme.*|authors|copying|makefile|dockerfile)(\.txt)?)$"
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


def walk(root: str, settings: bool = False) -> Iterator[str]:
    """Files below a directory that may be logs: bounded in depth and number, loops are left out.

    Args:
        root: the directory.
        settings: also files that say how a training was set up.
    """
    seen = set()  # type: Set[Tuple[int, int]]
    stack = [(root, 0)]
    inside = os.path.realpath(root) + os.sep
    while stack:
        directory, depth = stack.pop()
        try:
            found = os.stat(directory)
            if (found.st_dev, found.st_ino) in seen or len(seen) > MAX_ENTRIES:
                continue
            seen.add((found.st_dev, found.st_ino))
            entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
        except OSError:
            continue  # no permission for a folder is no reason to stop
        links = []  # type: List[Tuple[str, int]]
        folders = []  # type: List[Tuple[str, int]]
        for entry in entries:
            try:
                if entry.is_dir():
                    hydra = settings and entry.name == _OF_HYDRA
                    if depth < MAX_DEPTH and (hydra or not NO_DIRECTORY.match(entry.name)):
                        (links if entry.is_symlink() else folders).append((entry.path, depth + 1))
                elif entry.is_file() and not entry.name.startswith("."):
                    wanted = settings and SETTINGS.match(entry.name)
                    hidden = os.path.basename(directory) == _OF_HYDRA
                    if not wanted and (hidden or NO_LOG.search(entry.name)):
                        continue
                    if entry.is_symlink() and os.path.realpath(entry.path).startswith(inside):
                        continue  # `latest.log`: what it points to is found by itself
                    yield entry.path if root != os.curdir else entry.path[2:]
            except OSError:
                continue
        # Real folders come off the stack before links to them, so runs keep their own names.
        stack = links[::-1] + stack + folders[::-1]

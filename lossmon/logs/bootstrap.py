"""What is run on a box: a line that any login shell understands, and the agent's source."""

from __future__ import annotations

import pkgutil
import zlib
from functools import cache

PLAIN = b"lossmon-plain-sh-42\n"  # printed where there is no Python; see `shell_line`
_MODULES = (
    "wire",
    "walk",
    "files",
    "held",
    "tail",
    "rotation",
    "follower",
    "sqlite",
    "writers",
    "program",
    "gpus",
    "vitals",
    "slurm",
    "agent",
)

# What is run where there is no Python: sent once, read to its last byte and evaluated. What follows
# on standard input is data: names are read, line by line, and never evaluated.
SCRIPT = r"""
LC_ALL=C; export LC_ALL; w=
if stat -L -c %s / >/dev/null 2>&1; then st() { stat -L -c "= %s %Y %i %n" -- "$@"; }
elif stat -L -f %z / >/dev/null 2>&1; then st() { stat -L -f "= %z %m %i %N" -- "$@"; }
else st() { for f in "$@"; do printf "= %s 0 0 %s\n" $(($(wc -c <"$f"))) "$f"; done; }
fi
export PATH
place() { case $p in "~") p=$HOME;; "~/"*) p=$HOME/${p#??};; esac; }
stay() { [ -z "$w" ] || kill $w; (exec </dev/null >/dev/null; sleep 40; kill $$) & w=$!; }
while IFS= read -r verb && IFS= read -r p; do
  place
  case $verb in
  list)
    printf "~ %s\n@ %s\n" "$HOME" $(date +%s)
    if [ -d "$p" ]; then
      if [ -r "$p" ] && [ -x "$p" ]; then echo "! directory"; else echo "! denied"; fi
      find -H "$p" -maxdepth 34 -type f ! -name "*
*" | head -n 5000 | {
        set --
        while IFS= read -r f; do
          set -- "$@" "$f"
          if [ $# -ge 200 ]; then st "$@"; set --; fi
        done
        if [ $# -gt 0 ]; then st "$@"; fi
      }
    elif [ -e "$p" ]; then
      if [ -r "$p" ]; then echo "! file"; else echo "! denied"; fi
      st "$p"
    else
      IFS=; set -- $p; unset IFS
      if [ -e "$1" ]; then echo "! pattern"; st "$@"; else echo "! missing"; fi
    fi
    echo .;;
  read)
    IFS= read -r at; IFS= read -r n
    if [ -f "$p" ] && [ -r "$p" ]; then
      echo +; { tail -c +$((at+1)) -- "$p"; cat /dev/zero; } | head -c $((n+0))
    else echo -; fi;;
  whole)
    k=$((p+0)); IFS= read -r n; ok=1; set --
    while [ $# -lt $k ] && IFS= read -r p; do
      place; set -- "$@" "$p"
      [ -f "$p" ] && [ -r "$p" ] || ok=
    done
    { [ -z "$ok" ] || cat -- "$@"; cat /dev/zero; } | head -c $((n+0))
    [ -z "$ok" ] || st "$@"
    echo .;;
  stay) stay;;
  esac
done 2>/dev/null
[ -z "$w" ] || kill $w 2>/dev/null
"""

# Modules are compiled when they are asked for: most boxes have no store and no scheduler.
_LOADER = """
import sys
from importlib.machinery import ModuleSpec
sources = {sources!r}
class Sent:
    def find_spec(self, name, path=None, target=None):
        if name in sources:
            return ModuleSpec(name, self, is_package=not sources[name])
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        name = module.__name__
        exec(compile(sources[name], "<" + name + ">", "exec"), module.__dict__)
sys.meta_path.insert(0, Sent())
from lossmon.logs.agent import main
main()
"""

_PYTHONS = (
    "python3 python /usr/bin/python3 /usr/local/bin/python3 /opt/conda/bin/python "
    "$HOME/miniconda3/bin/python $HOME/anaconda3/bin/python $HOME/miniforge3/bin/python"
)
# Status 9 says too old, 2 that it knows no such flag (Python 2), 126 and 127 that it won't start.
_LINE = (
    "exec sh -c '"
    "for p in {pythons}; do "
    "command -v $p >/dev/null 2>&1 || continue; "
    '$p -ISB -c "import sys;sys.version_info<(3,6) and sys.exit(9);import io,zlib;'
    'exec(zlib.decompress(io.BufferedReader(io.FileIO(0,closefd=False),1).read({size})))"; '
    "r=$?; case $r in 2|9|126|127) ;; *) exit $r;; esac; "
    "done; "
    "dd bs=1 count={size} of=/dev/null 2>/dev/null; "
    'echo lossmon-plain-sh-$((6*7)); s=$(dd bs=1 count={script} 2>/dev/null); eval "$s"\''
)


@cache
def payload() -> bytes:
    """The agent and what it needs, packed; sent on standard input."""
    sources = {"lossmon": "", "lossmon.logs": ""}
    for name in _MODULES:
        text = pkgutil.get_data("lossmon.logs", f"{name}.py")
        assert text is not None
        sources[f"lossmon.logs.{name}"] = text.decode("utf-8")
    return zlib.compress(_LOADER.format(sources=sources).encode("utf-8"), 9)


def shell_line() -> str:
    """What the login shell is given: sh, bash, zsh, fish and csh read it alike.

    It holds neither a quote, a backslash, a newline nor an exclamation mark inside its quotes.
    Exactly the payload is read before anything else; without a Python it is skipped, and sh
    reads commands from standard input.
    """
    return _LINE.format(pythons=_PYTHONS, size=len(payload()), script=len(SCRIPT.encode()))

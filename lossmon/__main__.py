"""`python -m lossmon` and the console script."""

import gc
import signal


def main() -> None:
    """Run the command line; ctrl+c ends it silently from the first import on.

    Python's own handler has a traceback for whoever is sorry that fast. `lossmon.exits` takes over
    once a command runs.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    collects = gc.isenabled()
    gc.disable()  # of what is imported nothing goes: to look for it took a tenth of --help
    from lossmon.cli import main as command

    if collects:
        gc.enable()
    command()


if __name__ == "__main__":
    main()

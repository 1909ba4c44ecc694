"""`python -m lossmon`."""

from lossmon.cli import main

if __name__ == "__main__":
    main()

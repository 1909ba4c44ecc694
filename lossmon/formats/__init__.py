"""What the bytes of a log say.

    detect.py    which format it is, and why
    decoder.py   the protocol: feed(bytes) -> [Record]
    lines.py     bytes to clean lines        numbers.py  text to numbers
    rows.py      named cells to a Record     names.py    what a metric is, by its name
    jsonl.py llamafactory.py trainer_state.py json_history.py csv.py hf_stdout.py text.py

A new format is one file with NAME, sniff() and decoder(), and one line in `detect.FORMATS`.
"""

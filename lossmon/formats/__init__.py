"""What the bytes of a log say.

    detect.py    which format it is, and why
    decoder.py   the protocol: feed(bytes) -> [Record], many alike by column (Rows)
    lines.py     bytes to clean lines        numbers.py  text to numbers
    rows.py      named cells to a Record     cells.py    what a cell says, and a column of them
    names.py     what a metric is, by its name
    unpack.py    gzip, zstd, UTF-16      protobuf.py  the wire form that two stores use
    jsonl.py llamafactory.py trainer_state.py json_history.py sacred.py mlflow.py mlperf.py csv.py
    hf_stdout.py any_text.py (text.py, text_*.py) tensorboard.py wandb.py store.py pattern.py

A new format is one file with NAME, READS, SIGN, sniff() and decoder(), and its name in
`detect.FORMATS` (or `detect.BINARY`).
"""

"""What the bytes of a log say.

What all formats share:
    detect.py    which format it is, and why      decoder.py  the protocol: feed(bytes) -> [Record]
    sound.py     the border where records leave one
    line_decoder.py  what a format of lines need not say again
    lines.py     bytes to clean lines             labels.py   which task of a job wrote a line
    unpack.py    gzip, zstd, UTF-16               notes.py    what lines tell beside rows
    why.py       why a line gave no row, in words
    apart.py, apart_worker.py   code that is not ours, in a process of its own
What words and numbers mean, each in one place:
    lexicon.py   words of metrics and parts       lexicon_places.py  words of counters and plans
    lexicon_foreign.py   the same words in other languages
    clock.py     times                            numbers.py  numbers as logs write them
    axis.py      where on one axis a row lies     names.py    which metric plays each main role
Rows of named cells:
    rows.py      named cells to a Record          cells.py    what cells say, and columns
    by_run.py    those of several runs in one table
    jsonl.py llamafactory.py mlperf.py            JSON lines; json_messages.py unwraps others'
    trainer_state.py json_history.py sacred.py    JSON documents; json_document.py reads them,
                 json_slices.py the long ones, known_rows.py what was read before
    csv.py mlflow.py hf_stdout.py                 tables, one file a metric, printed dicts
    quoted.py    cells over several lines         json_folded.py  objects over several
    column.py columns.py   numbers in a file called after its metric
    pattern.py   a line that the user described
Binary stores:
    tensorboard.py wandb.py swanlab.py store.py   protobuf.py is the wire form of two of them
Any text (any_text.py is the format, text.py its decoder, line by line):
    text_tokens.py  the numbers of a line and their names     text_kinds.py  what a number can be
    folded.py  bars that rich folded
    text_counters.py, text_words.py, text_unnamed.py          what each number means
    text_lists.py   names that stand elsewhere                text_pieces.py  lines that are several
    text_learn.py   how the shape of a line is learned        text_shape.py  what is learned
    text_expression.py  the expression that reads its kin     text_bulk.py   many lines at once
    text_progress.py  where the training is                   text_rows.py   what becomes of a row
    text_loops.py   to which loop a row belongs               text_drawn.py  rows that bars repaint
    text_ends.py    what a line says of the end               text_match.py  lines of one shape
    text_commas.py  decimals behind a comma         text_paths.py   paths in lines
    text_redraws.py redraws that are steps                    text_table.py  tables
    text_beneath.py lines that say more of the row above them text_boxes.py  boxes and reports
    text_signs.py   whether it is a training                  text_coverage.py  how much was read

A new format is one file with NAME, READS, SIGN, sniff() and decoder(), and its name in
`detect.FORMATS` (or `detect.BINARY`).
"""

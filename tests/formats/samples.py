"""Small logs in each structured format, made by the rules of those who write them."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import google_crc32c

DATA = Path(__file__).resolve().parents[1] / "data" / "runs"


# -- protocol buffers --------------------------------------------------------------------------


def varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, content: bytes | int) -> bytes:
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


# -- TensorBoard -------------------------------------------------------------------------------


def masked(data: bytes) -> bytes:
    check = google_crc32c.value(data)
    return struct.pack("<I", ((check >> 15 | check << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def framed(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + masked(length) + data + masked(data)


def event(step: int, time: float, *values: bytes) -> bytes:
    summary = b"".join(field(1, value) for value in values)
    return framed(b"\x09" + struct.pack("<d", time) + field(2, step) + field(5, summary))


def simple(tag: str, value: float) -> bytes:
    return field(1, tag.encode()) + b"\x15" + struct.pack("<f", value)


def tensor(tag: str, value: float) -> bytes:
    """As TensorFlow 2 writes it, the metadata behind the tensor."""
    content = field(1, 1) + field(2, b"") + field(4, struct.pack("<f", value))
    plugin = field(1, field(1, b"scalars"))
    return field(1, tag.encode()) + field(8, content) + field(9, plugin)


def float_val(tag: str, value: float) -> bytes:
    content = field(1, 1) + field(2, b"") + field(5, struct.pack("<f", value))
    return field(1, tag.encode()) + field(8, content)


def version() -> bytes:
    return framed(b"\x09" + struct.pack("<d", 1.7e9) + field(3, b"brain.Event:2"))


def events(n: int = 30) -> bytes:
    rows = [version()]
    for i in range(n):
        rows.append(event(i * 100, 1.7e9 + i, simple("train/loss", 2 - i * 0.01)))
        if i % 10 == 9:
            rows.append(event(i * 100, 1.7e9 + i, tensor("eval/loss", 2.5 - i * 0.01)))
    return b"".join(rows)


# -- W&B ---------------------------------------------------------------------------------------


def wandb_file(records: list[bytes], mark: bytes = b":W&B") -> bytes:
    """A LevelDB log: pieces in blocks of 32 KiB."""
    out = bytearray(mark + struct.pack("<HB", 0xBEE1, 0))
    for record in records:
        first = True
        while True:
            left = 32768 - len(out) % 32768
            if left < 7:
                out += bytes(left)
                continue
            piece, record = record[: left - 7], record[left - 7 :]
            kind = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[
                (first, not record)
            ]
            check = zlib.crc32(piece, zlib.crc32(bytes([kind])))
            out += struct.pack("<IHB", check, len(piece), kind) + piece
            first = False
            if not record:
                break
    return bytes(out)


def wandb_history(step: int, row: dict[str, object]) -> bytes:
    items = b"".join(
        field(1, field(1, key.encode()) + field(16, json.dumps(value).encode()))
        for key, value in row.items()
    )
    return field(1, step + 1) + field(2, items + field(2, field(1, step)))


def wandb_run(n: int = 30, exit_code: int | None = 0) -> bytes:
    records = [
        wandb_history(i, {"train/loss": 2 - i * 0.01, "_timestamp": 1.7e9 + i}) for i in range(n)
    ]
    records.insert(n // 2, field(4, b"x" * 70_000))  # a configuration, over three blocks
    if exit_code is not None:
        records.append(field(18, field(1, exit_code)))
    return wandb_file(records)


def swanlab_scalar(step: int, name: str, value: float) -> bytes:
    time = field(1, 1_700_000_000 + step) + field(2, 500_000_000)
    scalar = field(1, name.encode()) + field(2, step) + field(3, 1) + field(4, time)
    return field(1, step) + field(13, scalar + field(5, b"\x09" + struct.pack("<d", value)))


def swanlab_run(n: int = 30, state: int | None = 1, name: str = "tiny-s1") -> bytes:
    records = [field(10, field(1, b"project") + field(4, name.encode()))]
    records += [swanlab_scalar(i, "train/loss", 2 - i * 0.01) for i in range(n)]
    if state is not None:
        records.append(field(11, field(1, state)))
    return wandb_file(records, b":SWL")


# -- the rest ----------------------------------------------------------------------------------

JSONL = b"".join(
    b'{"step": %d, "loss": %s, "lr": 1e-4}\n' % (i, b"NaN" if i == 7 else b"%.3f" % (2 - i * 0.01))
    for i in range(1, 25)
)
CSV = b"step,train_loss,val_loss\r\n" + b"".join(
    b"%d,%.3f,%s\r\n" % (i, 2 - i * 0.01, b"1.9" if i % 5 == 0 else b"") for i in range(1, 25)
)
LLAMAFACTORY = b"".join(
    b'{"current_steps": %d, "total_steps": 240, "loss": %.3f, "lr": 1e-4, "epoch": %.2f}\n'
    % (i * 10, 2 - i * 0.01, i / 10)
    for i in range(1, 25)
)
MLFLOW = b"".join(b"17000000000%02d %.4f %d\n" % (i, 2 - i * 0.01, i * 10) for i in range(1, 25))
MLPERF = b"".join(
    b':::MLLOG {"namespace": "", "time_ms": 17000000000%02d, "event_type": "POINT_IN_TIME",'
    b' "key": "train_loss", "value": %.3f, "metadata": {"samples_count": %d}}\n'
    % (i, 2 - i * 0.01, i * 64)
    for i in range(1, 25)
)
SACRED = json.dumps(
    {
        "train.loss": {
            "steps": list(range(10)),
            "timestamps": [f"2024-01-01T00:00:0{i}" for i in range(10)],
            "values": [2 - i * 0.1 for i in range(10)],
        },
        "val.loss": {"steps": [4, 9], "timestamps": ["", ""], "values": [1.9, 1.8]},
    },
    indent=2,
).encode()
TRAINER_STATE = json.dumps(
    {
        "epoch": 1.0,
        "global_step": 240,
        "log_history": [
            {"epoch": i / 24, "loss": 2 - i * 0.01, "learning_rate": 1e-4, "step": i * 10}
            for i in range(1, 25)
        ],
        "max_steps": 480,
        "num_train_epochs": 2,
    },
    indent=2,
).encode()
HF_STDOUT = b"".join(
    b"\r %d%%|###   | %d/240 [00:0%d<00:09, 12.3it/s]"
    b"\x1b[A{'loss': '%.3f', 'grad_norm': '1.05', 'learning_rate': '1e-05', 'epoch': '%.2f'}\r\n"
    % (i * 4, i * 10, i % 10, 2 - i * 0.01, i / 10)
    for i in range(1, 25)
)
UNRELATED = b'{"vocab": {"a": 1, "b": 2}}\n'

# format -> a path that such a log has, its bytes, the points of its train loss
SAMPLES: dict[str, tuple[str, bytes, int]] = {
    "jsonl": ("log.jsonl", JSONL, 24),
    "csv": ("log.csv", CSV, 24),
    "llamafactory": ("trainer_log.jsonl", LLAMAFACTORY, 24),
    "mlflow": ("mlruns/0/ab12/metrics/train/loss", MLFLOW, 24),
    "column": ("out/train_loss.txt", b"".join(b"%.4f\n" % (2 - i * 0.01) for i in range(24)), 24),
    "columns": (
        "out/loss_history.txt",
        b"".join(b"%d\t%.4f\t%.4f\n" % (i, 2 - i * 0.01, 3 - i * 0.01) for i in range(24)),
        24,
    ),
    "mlperf": ("result_0.txt", MLPERF, 24),
    "sacred": ("metrics.json", SACRED, 10),
    "trainer_state": ("trainer_state.json", TRAINER_STATE, 24),
    "hf-stdout": ("train.log", HF_STDOUT, 24),
    "tensorboard": ("events.out.tfevents.1.box", events(), 30),
    "wandb": ("run-ab12.wandb", wandb_run(), 30),
    "swanlab": ("run-ab12.swanlab", swanlab_run(), 30),
}

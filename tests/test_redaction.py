"""Secrets in what a log says reach neither a report nor a notice nor JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

from lossmon.redaction import is_secret, redacted
from tests.conftest import falling, training_rows
from tests.report.test_cli import run

HIDDEN = (
    "requests.exceptions.HTTPError: 401 for url: https://me:‹hunter2›@host/api",
    "Error: 403 https://hub/x?token=‹abcdefgh12345678›&v=1",
    "ValueError: WANDB_API_KEY=‹0123456789abcdef› is not valid",
    "RuntimeError: Invalid key: ‹sk-abcdefghijkl1234›",
    "openai.AuthenticationError: Incorrect API key provided: ‹sk-proj-abcdefghijkl›.",
    "Error: {'Authorization': 'Bearer ‹eyJhbGciOiJIUzI1NiJ9.abc›'}",
    "Error: Authorization: Basic ‹dXNlcjpwYXNz›",
    "subprocess.CalledProcessError: Command 'train --hub-token ‹abcd9876› --lr 1' failed",
    'OperationalError: could not connect with password="‹4b c9›"',
    "OSError: hf_token ‹hf_abcdefghijklmnop› expired",
    "Exception: -----BEGIN RSA PRIVATE KEY-----‹MIIE›",
    "psycopg.OperationalError: postgresql://train:‹s3cr3t›@db:5432/runs refused",
    "Exception: secret: ‹abc›, cookie=‹sid123›; user=me",
)
SHOWN = (
    "KeyError: 'password'",
    "ValueError: Asking to pad but the tokenizer does not have a padding token",
    "RuntimeError: Token indices sequence length is longer than 4096 (max_tokens=4096)",
    "KeyError: key: model.layers.0.self_attn.q_proj.weight",
    "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 79.15 GiB total)",
    "torch.distributed.DistBackendError: NCCL error in: ../csrc/NCCLUtils.hpp:328, basic training 2",
    "FileNotFoundError: /data/runs/2024-05-19_04-54-30/checkpoint-0000001000/model.safetensors",
    "ConnectionError: https://host:8080/path@2x",
)


@pytest.mark.parametrize("line", HIDDEN)
def test_a_secret_is_left_out_and_the_rest_stays(line: str) -> None:
    parts = line.replace("›", "‹").split("‹")
    shown = redacted("".join(parts))
    for at, part in enumerate(parts):
        secret = at % 2 == 1
        for word in part.split() if secret else [part.strip(" .")]:
            assert (word not in shown) == secret or not word, (word, shown)
    assert redacted(shown) == shown


@pytest.mark.parametrize("line", SHOWN)
def test_what_is_no_secret_stays(line: str) -> None:
    assert redacted(line) == line


def test_the_last_line_of_a_run_that_failed_gives_no_secret_away(tmp_path: Path) -> None:
    rows = "".join(f"step {row['step']} loss {row['loss']}\n" for row in training_rows(falling(60)))
    end = "Traceback (most recent call last):\nHTTPError: 401 for https://me:hunter2@host/api\n"
    (tmp_path / "train.log").write_text(rows + end)
    assert run("report", tmp_path / "train.log", "-o", tmp_path / "page.md").returncode == 0
    shown = (tmp_path / "page.md").read_text()
    for command in (("check", "-v"), ("check", "--json")):
        shown += run(*command, tmp_path / "train.log").stdout
    assert shown.count("HTTPError: 401") >= 3
    assert "hunter2" not in shown


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("lr", 0.1, False),
        ("lr", "0.1", False),
        ("password", "x", True),
        ("hub_token", None, True),
        ("tokens", 5, False),
        ("openai_key", "8f3a9c8d7e6f5a4b1c2d", True),
        ("image_key", "image", False),
        ("commit", "8f3a9c8d7e6f5a4b1c2d", False),  # as opaque, and no key
        ("note", "hf_abcdefghijklmnop", True),
        ("db", "postgres://ana:hunter2@host/runs", True),
        ("db", "postgres://host/runs", False),
        ("pem", "-----BEGIN RSA PRIVATE KEY-----", True),
    ],
)
def test_a_setting_is_a_secret_by_its_name_or_by_how_it_looks(
    name: str, value: object, secret: bool
) -> None:
    assert is_secret(name, value) == secret

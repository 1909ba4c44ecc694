"""Logs as real frameworks write them: each writer gets rows and writes one file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TextIO

from lossmon.demo.trainings import Row, Training


class _File:
    """A log file that is flushed after each row."""

    NAME = "train.log"

    def __init__(self, folder: Path, training: Training) -> None:
        self.training = training
        self.file: TextIO = (folder / self.NAME).open("w", encoding="utf-8")
        self.start()

    def start(self) -> None:
        """Write what stands before the first row."""

    def write(self, row: Row) -> None:
        """Log a row."""
        self.file.write(self.text(row))
        self.file.flush()

    def text(self, row: Row) -> str:
        """The row as text."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the file."""
        self.file.close()


class HfStdout(_File):
    """Hugging Face Trainer's output, captured from a terminal: dicts behind a progress bar."""

    NAME = "train.out"
    _epoch = 0.0

    def start(self) -> None:
        """The bar as it stands before the first step: rows are placed between two bars."""
        self.file.write(f"\r  0%|{'':10}| 0/{self.training.total_steps} [00:00<?, ?it/s]")

    def text(self, row: Row) -> str:
        """A dict, then the bar drawn again; numbers are strings, as transformers 5 prints them."""
        values = {
            "loss": row.loss,
            "grad_norm": row.grad_norm,
            "learning_rate": row.rate,
            "epoch": row.epoch,
        }
        self._epoch = row.epoch
        total = self.training.total_steps
        bar = f"{row.step / total:4.0%}|{'█' * (10 * row.step // total):10}|"
        bar += f" {row.step}/{total} [00:10<00:20, 20.00it/s]"
        text = f"\r{' ' * 40}\r{ {k: f'{v:.4g}' for k, v in values.items()} }\n\r{bar}"
        if row.eval_loss is not None:
            evaluated = {"eval_loss": f"{row.eval_loss:.4g}", "epoch": f"{row.epoch:.4g}"}
            text += f"\r{' ' * 40}\r{evaluated}\n"
        return text

    def close(self) -> None:
        """The summary that ends a training."""
        summary = {"train_runtime": "30.0", "train_loss": "1.0", "epoch": f"{self._epoch:.4g}"}
        self.file.write(f"\n{summary}\n")
        super().close()


class LlamaFactory(_File):
    """LLaMA-Factory's trainer_log.jsonl."""

    NAME = "trainer_log.jsonl"

    def text(self, row: Row) -> str:
        """One object a row; evaluations have an object of their own."""
        place = {
            "current_steps": row.step,
            "total_steps": self.training.total_steps,
            "epoch": round(row.epoch, 4),
            "percentage": round(100 * row.step / self.training.total_steps, 2),
            "elapsed_time": "0:00:10",
            "remaining_time": "0:00:20",
        }
        text = json.dumps({**place, "loss": round(row.loss, 4), "lr": row.rate}) + "\n"
        if row.eval_loss is not None:
            text += json.dumps({**place, "eval_loss": row.eval_loss}) + "\n"
        return text


class Jsonl(_File):
    """One JSON object a row."""

    NAME = "metrics.jsonl"

    def text(self, row: Row) -> str:
        """Step, loss, rate and grad norm."""
        values = {
            "step": row.step,
            "max_steps": self.training.total_steps,
            "train/loss": row.loss,
            "train/lr": row.rate,
            "train/grad_norm": row.grad_norm,
        }
        if row.eval_loss is not None:
            values["eval/loss"] = row.eval_loss
        return json.dumps(values) + "\n"


class Print(_File):
    """What a plain loop prints."""

    def text(self, row: Row) -> str:
        """Step, loss, rate; evaluations on a line of their own."""
        total = self.training.total_steps
        text = f"step {row.step}/{total} | loss {row.loss:.5f} | lr {row.rate:.2e}"
        text += f" | grad_norm {row.grad_norm:.3f}\n"
        if row.eval_loss is not None:
            text += f"step {row.step}/{total} | val loss {row.eval_loss:.5f}\n"
        return text


class Csv(_File):
    """A row a step, the eval column mostly empty."""

    NAME = "log.csv"

    def start(self) -> None:
        """The header."""
        self.file.write("step,max_steps,epoch,train_loss,lr,grad_norm,val_loss\n")

    def text(self, row: Row) -> str:
        """A row."""
        eval_loss = "" if row.eval_loss is None else f"{row.eval_loss:.6f}"
        place = f"{row.step},{self.training.total_steps},{row.epoch:.4f}"
        return f"{place},{row.loss:.6f},{row.rate:.3e},{row.grad_norm:.4g},{eval_loss}\n"


class KerasCsv(_File):
    """Keras' CSVLogger: every row is an epoch with its validation loss."""

    NAME = "training.csv"

    def start(self) -> None:
        """The header."""
        self._losses: list[float] = []
        self._epoch = 0
        self.file.write("epoch,learning_rate,loss,val_loss\n")

    def text(self, row: Row) -> str:
        """The mean of an epoch, once it is evaluated."""
        self._losses.append(row.loss)
        if row.eval_loss is None:
            return ""
        loss = sum(self._losses) / len(self._losses)
        self._losses.clear()
        self._epoch += 1
        return f"{self._epoch - 1},{row.rate:.3e},{loss:.6f},{row.eval_loss:.6f}\n"


class TrainerState:
    """Hugging Face's trainer_state.json, written anew as a whole at every evaluation."""

    def __init__(self, folder: Path, training: Training) -> None:
        self._path = folder / "trainer_state.json"
        self._training = training
        self._history: list[dict[str, float]] = []

    def write(self, row: Row) -> None:
        """Remember a row; save with the evaluation."""
        place = {"epoch": row.epoch, "step": row.step}
        self._history.append(
            {**place, "loss": row.loss, "learning_rate": row.rate, "grad_norm": row.grad_norm}
        )
        if row.eval_loss is not None:
            self._history.append({**place, "eval_loss": row.eval_loss})
            self._save(row)

    def _save(self, row: Row) -> None:
        state = {
            "epoch": row.epoch,
            "global_step": row.step,
            "log_history": self._history,
            "max_steps": self._training.total_steps,
        }
        fresh = self._path.with_suffix(".tmp")
        fresh.write_text(json.dumps(state, indent=2), encoding="utf-8")
        os.replace(fresh, self._path)

    def close(self) -> None:
        """All is on disk."""


WRITERS: dict[str, type[_File] | type[TrainerState]] = {
    "hf_stdout": HfStdout,
    "llamafactory": LlamaFactory,
    "jsonl": Jsonl,
    "print": Print,
    "csv": Csv,
    "keras_csv": KerasCsv,
    "trainer_state": TrainerState,
}

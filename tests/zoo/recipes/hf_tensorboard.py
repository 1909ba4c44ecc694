# /// script
# dependencies = ["transformers==5.24.0", "accelerate==1.15.0", "torch==2.13.0", "tensorboard==2.21.0", "numpy"]
# [tool.zoo]
# tool = "transformers Trainer to TensorBoard"
# environment = "hf"
# log = ""
# train = "train/loss"
# eval = "eval/loss"
# rate = "train/learning_rate"
# also = ["(eval|train)/.*"]
# ///
"""A Trainer whose only log is its event file."""

import os

os.environ["TENSORBOARD_LOGGING_DIR"] = "runs/a"

import torch
from tiny import causal
from transformers import Trainer, TrainerCallback, TrainingArguments
from zoo import Truth

truth = Truth()


class Note(TrainerCallback):
    def on_log(self, args, state, control, logs=None, **kwargs):
        names = {
            "loss": "train/loss",
            "eval_loss": "eval/loss",
            "learning_rate": "train/learning_rate",
        }
        if row := {names[name]: logs[name] for name in names if name in logs}:
            truth.values(state.global_step, row)


rows = torch.arange(12).repeat(128, 1) + torch.randint(0, 20, (128, 1))
data = [{"input_ids": row, "labels": row} for row in rows]
args = TrainingArguments(
    "../out", num_train_epochs=4, per_device_train_batch_size=8, logging_steps=2, use_cpu=True,
    eval_strategy="epoch", save_strategy="no", report_to="tensorboard",
)  # fmt: skip
Trainer(causal(), args, train_dataset=data, eval_dataset=data[:32], callbacks=[Note()]).train()

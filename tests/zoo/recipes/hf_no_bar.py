# /// script
# dependencies = ["transformers==5.24.0", "accelerate==1.15.0", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "transformers Trainer without bars"
# environment = "hf"
# train = "loss"
# eval = "eval_loss"
# rate = "learning_rate"
# ends = "finished"
# also = ["eval_.*", "train_.*", "total_flos"]
# note = "dicts have no step: by their count and the plan that the epochs tell"
# ///
"""A Trainer with `disable_tqdm=True` that saves nothing: only its dicts, numbers as strings."""

import torch
from tiny import causal, note
from transformers import Trainer, TrainingArguments
from zoo import Truth

rows = torch.arange(12).repeat(128, 1) + torch.randint(0, 20, (128, 1))
data = [{"input_ids": row, "labels": row} for row in rows]
args = TrainingArguments(
    "out", num_train_epochs=4, per_device_train_batch_size=8, logging_steps=1, use_cpu=True,
    eval_strategy="epoch", save_strategy="no", report_to="none", disable_tqdm=True,
)  # fmt: skip
truth = Truth()
truth.plan = lambda steps: None  # the log does not say it
seen = note(truth, "loss", "eval_loss", "learning_rate", "grad_norm")
Trainer(causal(), args, train_dataset=data, eval_dataset=data[:32], callbacks=[seen]).train()

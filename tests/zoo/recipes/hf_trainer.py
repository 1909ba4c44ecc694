# /// script
# dependencies = ["transformers==5.24.0", "accelerate==1.15.0", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "transformers Trainer"
# environment = "hf"
# train = "loss"
# eval = "eval_loss"
# rate = "learning_rate"
# ends = "finished"
# also = ["eval_.*", "train_.*", "total_flos"]
# ///
"""A Trainer with evaluations and checkpoints: dicts between bars, and trainer_state.json."""

import torch
from tiny import causal, note
from transformers import Trainer, TrainingArguments
from zoo import Truth

rows = torch.arange(12).repeat(128, 1) + torch.randint(0, 20, (128, 1))
data = [{"input_ids": row, "labels": row} for row in rows]
args = TrainingArguments(
    "out", num_train_epochs=4, per_device_train_batch_size=8, logging_steps=4, use_cpu=True,
    eval_strategy="steps", eval_steps=16, save_steps=32, report_to="none",
)  # fmt: skip
seen = note(Truth(), "loss", "eval_loss", "learning_rate", "grad_norm")
Trainer(causal(), args, train_dataset=data, eval_dataset=data[:32], callbacks=[seen]).train()

# /// script
# dependencies = ["transformers==5.24.0", "accelerate==1.15.0", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "transformers Trainer"
# environment = "torch"
# train = "loss"
# eval = "eval_loss"
# rate = "learning_rate"
# ends = "finished"
# also = ["eval_runtime", "eval_samples_per_second", "eval_steps_per_second", "train_runtime", "train_samples_per_second", "train_steps_per_second", "total_flos", "train_loss"]
# ///
"""A Trainer with evaluations and checkpoints: dicts between bars, and trainer_state.json."""

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments
from zoo import Truth

torch.manual_seed(0)
truth = Truth()
config = GPT2Config(vocab_size=64, n_positions=16, n_embd=16, n_layer=1, n_head=2,
                    bos_token_id=0, eos_token_id=1)  # fmt: skip
rows = torch.arange(16).repeat(128, 1) + torch.randint(0, 40, (128, 1))
data = [{"input_ids": row, "labels": row} for row in rows]


class Note(TrainerCallback):
    def on_train_begin(self, args, state, control, **kwargs):
        truth.plan(state.max_steps)

    def on_log(self, args, state, control, logs=None, **kwargs):
        names = ("loss", "eval_loss", "learning_rate", "grad_norm")
        if row := {name: logs[name] for name in names if name in logs}:
            truth.values(state.global_step, row)


args = TrainingArguments(
    "out", num_train_epochs=4, per_device_train_batch_size=8, logging_steps=4, use_cpu=True,
    eval_strategy="steps", eval_steps=16, save_steps=32, report_to="none",
)  # fmt: skip
Trainer(GPT2LMHeadModel(config), args, train_dataset=data, eval_dataset=data[:32],
        callbacks=[Note()]).train()  # fmt: skip

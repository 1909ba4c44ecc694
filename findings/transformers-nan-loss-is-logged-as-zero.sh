#!/usr/bin/env bash
# transformers 5.24.0: with a loss that is NaN at every step the Trainer logs loss 0.0, while grad_norm is NaN; and what it prints are strings, not numbers.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install -q torch==2.13.0 transformers==5.24.0 accelerate==1.15.0 numpy
env/bin/python - 2>/dev/null <<'PY' | tee log.txt
import torch
import transformers
from transformers import Trainer, TrainingArguments


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.line = torch.nn.Linear(3, 1)

    def forward(self, x, labels=None):
        loss = (self.line(x)[:, 0] - labels).pow(2).mean() * float("nan")
        return {"loss": loss, "logits": x}


print("transformers", transformers.__version__)
rows = [{"x": torch.ones(3), "labels": torch.tensor(1.0)} for _ in range(32)]
args = TrainingArguments(
    "out", max_steps=4, logging_steps=2, use_cpu=True, disable_tqdm=True, report_to="none",
    save_strategy="no",
)
trainer = Trainer(Net(), args, train_dataset=rows)
trainer.train()
print("kept in log_history:", [type(row["loss"]).__name__ for row in trainer.state.log_history if "loss" in row])
PY
grep -q "{'loss': '0', 'grad_norm': 'nan'" log.txt
grep -q "\['float', 'float'\]" log.txt

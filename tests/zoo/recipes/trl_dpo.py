# /// script
# dependencies = ["trl==1.16.0", "transformers==5.24.0", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "TRL DPO"
# environment = "hf"
# train = "loss"
# rate = "learning_rate"
# ends = "finished"
# also = ["train_.*", "total_flos", "entropy", "num_tokens", "(logps|logits|rewards)/.*", "mean_token_accuracy"]
# ///
"""DPOTrainer on a random model."""

from datasets import Dataset
from tiny import causal, note, sentences, tokenizer
from trl import DPOConfig, DPOTrainer
from zoo import Truth

text = sentences(192)
data = Dataset.from_dict({"prompt": text[:64], "chosen": text[64:128], "rejected": text[128:]})
args = DPOConfig("out", num_train_epochs=3, per_device_train_batch_size=8, logging_steps=1,
                 use_cpu=True, bf16=False, report_to="none", max_length=48)  # fmt: skip
seen = note(Truth(), "loss", "learning_rate", "grad_norm", "rewards/margins")
DPOTrainer(
    causal(), causal(), args, train_dataset=data, callbacks=[seen], processing_class=tokenizer()
).train()

# /// script
# dependencies = ["trl==1.16.0", "transformers==5.24.0", "peft==0.21.2", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "TRL SFT, LoRA of PEFT"
# environment = "hf"
# train = "loss"
# eval = "eval_loss"
# rate = "learning_rate"
# ends = "finished"
# also = ["eval_.*", "train_.*", "total_flos", "entropy", "mean_token_accuracy", "num_tokens"]
# ///
"""SFTTrainer on a random model with a LoRA."""

from datasets import Dataset
from peft import LoraConfig
from tiny import causal, note, sentences, tokenizer
from trl import SFTConfig, SFTTrainer
from zoo import Truth

data = Dataset.from_dict({"text": sentences(128)})
args = SFTConfig(
    "out", num_train_epochs=2, per_device_train_batch_size=8, logging_steps=2, use_cpu=True,
    bf16=False, eval_strategy="steps", eval_steps=8, save_steps=16, report_to="none", max_length=32,
)  # fmt: skip
seen = note(Truth(), "loss", "eval_loss", "learning_rate", "grad_norm")
SFTTrainer(
    causal(), args, train_dataset=data, eval_dataset=data.select(range(16)), callbacks=[seen],
    processing_class=tokenizer(), peft_config=LoraConfig(r=2, target_modules=["c_attn"], task_type="CAUSAL_LM"),
).train()  # fmt: skip

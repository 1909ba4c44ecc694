# /// script
# dependencies = ["trl==1.16.0", "transformers==5.24.0", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "TRL GRPO"
# environment = "hf"
# train = "loss"
# rate = "learning_rate"
# ends = "finished"
# also = ["train_.*", "total_flos", ".*/.*", "entropy", "num_tokens", "reward_std", "step_time", "frac_reward_zero_std", "kl"]
# ///
"""GRPOTrainer on a random model, rewarded for long words."""

from datasets import Dataset
from tiny import causal, note, sentences, tokenizer
from trl import GRPOConfig, GRPOTrainer
from zoo import Truth

data = Dataset.from_dict({"prompt": sentences(32)})
args = GRPOConfig("out", max_steps=16, per_device_train_batch_size=4, num_generations=4,
                  logging_steps=1, use_cpu=True, bf16=False, report_to="none",
                  max_completion_length=8)  # fmt: skip
seen = note(Truth(), "loss", "learning_rate", "grad_norm", "reward")
GRPOTrainer(
    causal(), reward_funcs=lambda completions, **_: [float(len(one)) for one in completions],
    args=args, train_dataset=data, callbacks=[seen], processing_class=tokenizer(),
).train()  # fmt: skip

# /// script
# dependencies = ["trl==1.16.0", "transformers==5.24.0", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "TRL RewardTrainer"
# environment = "hf"
# train = "loss"
# rate = "learning_rate"
# ends = "finished"
# also = ["train_.*", "total_flos", "num_tokens", "(min|mean|max)_reward", "accuracy", "margin"]
# ///
"""RewardTrainer on a random model."""

from datasets import Dataset
from tiny import note, sentences, tokenizer
from transformers import GPT2Config, GPT2ForSequenceClassification
from trl import RewardConfig, RewardTrainer
from zoo import Truth

text = sentences(128)
data = Dataset.from_dict({"chosen": text[:64], "rejected": text[64:]})
args = RewardConfig("out", num_train_epochs=3, per_device_train_batch_size=8, logging_steps=1,
                    use_cpu=True, bf16=False, report_to="none", max_length=48)  # fmt: skip
config = GPT2Config(vocab_size=32, n_positions=64, n_embd=16, n_layer=1, n_head=2, num_labels=1,
                    bos_token_id=2, eos_token_id=3, pad_token_id=0)  # fmt: skip
seen = note(Truth(), "loss", "learning_rate", "grad_norm")
RewardTrainer(GPT2ForSequenceClassification(config), args, train_dataset=data, callbacks=[seen],
              processing_class=tokenizer()).train()  # fmt: skip

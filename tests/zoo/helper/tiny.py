"""For recipes of language models: a tokenizer and models of random weights, nothing downloaded."""

from __future__ import annotations

from typing import Any

WORDS = [
    "the",
    "a",
    "cat",
    "dog",
    "sat",
    "ran",
    "on",
    "under",
    "mat",
    "tree",
    "and",
    "then",
    "it",
    "was",
    "red",
    "blue",
    "big",
    "small",
]


def tokenizer() -> Any:
    """A tokenizer of whole words, with a chat template."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    special = ["<pad>", "<unk>", "<s>", "</s>", "[CLS]", "[SEP]", "[MASK]"]
    book = {word: i for i, word in enumerate([*special, *WORDS, "user", "assistant", ":"])}
    raw = Tokenizer(models.WordLevel(book, unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    made = PreTrainedTokenizerFast(
        tokenizer_object=raw, pad_token="<pad>", unk_token="<unk>", bos_token="<s>",
        eos_token="</s>", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",
    )  # fmt: skip
    made.chat_template = (
        "{% for m in messages %}{{ m.role }} : {{ m.content }} {{ eos_token }}{% endfor %}"
    )
    return made


def causal() -> Any:
    """A GPT-2 of a few thousand weights."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    torch.manual_seed(0)
    config = GPT2Config(vocab_size=32, n_positions=64, n_embd=16, n_layer=1, n_head=2,
                        bos_token_id=2, eos_token_id=3, pad_token_id=0)  # fmt: skip
    return GPT2LMHeadModel(config)


def sentences(n: int) -> list[str]:
    """Sentences of the words, the same every time."""
    import random

    draw = random.Random(0)
    return [" ".join(draw.choices(WORDS, k=8)) for _ in range(n)]


def note(truth: Any, *names: str) -> Any:
    """A callback of transformers that writes down what is logged; of `names` alone, where given."""
    from transformers import TrainerCallback

    class Note(TrainerCallback):  # type: ignore[misc]
        def on_train_begin(self, args, state, control, **kwargs):  # type: ignore[no-untyped-def]
            truth.plan(state.max_steps)

        def on_log(self, args, state, control, logs=None, **kwargs):  # type: ignore[no-untyped-def]
            if "train_runtime" in (logs or {}):
                return
            row = {k: v for k, v in (logs or {}).items() if k in names}
            if row:
                truth.values(state.global_step, row)

    return Note()

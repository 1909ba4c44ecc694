"""The hyper-parameters of a run, from what trainings leave behind.

    flat.py     nested values as one table; secrets are left out
    files.py    files beside a log: one line a kind
    heads.py    what a log itself says at its head
    read.py     all that is known of how a run was configured
    compare.py  several runs beside each other: only what differs
    binary.py   W&B's and TensorBoard's own files, metric stores
    pickled.py  what Hugging Face's Trainer pickles, read without carrying it out

Nothing here is read while rows are decoded: it is asked for once a run, when its logs were read.
"""

from lossmon.hparams.flat import Value
from lossmon.hparams.read import NONE, STORES, Hparams, read_hparams

__all__ = ["NONE", "STORES", "Hparams", "Value", "read_hparams"]

"""One tiny training of a library, as its users write it: `python train.py LIBRARY --seed 1 ...`.

Runs in a Python that has the library; nothing of lossmon is imported. What it prints goes to a job
output in the current folder, what the library writes below `--output`.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import zlib
from collections.abc import Callable, Iterator

import numpy as np

ROWS, FEATURES = 256, 16


def data(args: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """A regression that no model can solve to the last digit, shapes (n, d), (n,).

    Each library and seed has its own: two trainings with the same numbers would be one.
    """
    rng = np.random.default_rng(args.seed * 1000 + zlib.crc32(args.library.encode()) % 997)
    x = rng.normal(size=(ROWS, FEATURES)).astype("float32")
    y = x @ rng.normal(size=FEATURES) + 0.3 * rng.normal(size=ROWS)
    return x, y.astype("float32")


def sgd(args: argparse.Namespace) -> Iterator[tuple[int, float]]:
    """Step and loss of a linear regression by SGD."""
    x, y = data(args)
    rng = np.random.default_rng(args.seed + 100)
    weights = np.zeros(FEATURES)
    for step in range(1, args.steps + 1):
        rows = rng.integers(0, ROWS, args.batch_size)
        error = x[rows] @ weights - y[rows]
        weights -= args.lr * x[rows].T @ error / args.batch_size
        crash(args, step)
        yield step, float(np.mean(error**2))


def crash(args: argparse.Namespace, step: int) -> None:
    """Wait as a slow step does; break where this training shall."""
    time.sleep(args.pause)
    if args.crash and step >= args.crash:
        raise RuntimeError(f"CUDA out of memory. Tried to allocate 2.00 GiB (step {step})")


def transformers(args: argparse.Namespace) -> None:
    """Trainer: trainer_state.json below checkpoints, dicts on standard output."""
    import torch
    from transformers import Trainer, TrainerCallback, TrainingArguments, set_seed

    set_seed(args.seed)
    x, y = data(args)

    class Model(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = torch.nn.Linear(FEATURES, 1)

        def forward(self, x, labels=None):  # type: ignore[no-untyped-def]
            out = self.layer(x)[:, 0]
            return {"loss": torch.nn.functional.mse_loss(out, labels), "logits": out}

    class Slow(TrainerCallback):
        def on_step_end(self, arguments, state, control, **_):  # type: ignore[no-untyped-def]
            crash(args, state.global_step)

    rows = [{"x": torch.tensor(a), "labels": torch.tensor(b)} for a, b in zip(x, y)]  # noqa: B905
    told = TrainingArguments(
        output_dir=args.output, max_steps=args.steps, logging_steps=5, seed=args.seed,
        save_steps=max(5, args.steps // 2), learning_rate=args.lr, report_to=[], disable_tqdm=True,
        per_device_train_batch_size=args.batch_size, use_cpu=True, save_safetensors=False,
    )  # fmt: skip
    Trainer(Model(), told, train_dataset=rows, callbacks=[Slow()]).train()


def lightning(args: argparse.Namespace) -> None:
    """Trainer with a CSVLogger and saved hyper-parameters."""
    import lightning as L
    import torch
    from lightning.pytorch.loggers import CSVLogger

    L.seed_everything(args.seed)
    x, y = map(torch.tensor, data(args))

    class Model(L.LightningModule):
        def __init__(self, lr: float, batch_size: int, seed: int) -> None:
            super().__init__()
            self.save_hyperparameters()
            self.layer = torch.nn.Linear(FEATURES, 1)

        def training_step(self, batch, at):  # type: ignore[no-untyped-def]
            loss = torch.nn.functional.mse_loss(self.layer(batch[0])[:, 0], batch[1])
            self.log("train_loss", loss)
            crash(args, self.global_step)
            return loss

        def configure_optimizers(self):  # type: ignore[no-untyped-def]
            return torch.optim.SGD(self.parameters(), lr=self.hparams.lr)

    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(x, y), args.batch_size, shuffle=True
    )
    logger = CSVLogger(os.path.dirname(args.output), os.path.basename(args.output),
                       flush_logs_every_n_steps=10)  # fmt: skip
    trainer = L.Trainer(
        max_steps=args.steps, log_every_n_steps=1, logger=logger, accelerator="cpu",
        enable_progress_bar=False, enable_model_summary=False, enable_checkpointing=False,
    )  # fmt: skip
    trainer.fit(Model(args.lr, args.batch_size, args.seed), loader)


def keras(args: argparse.Namespace) -> None:
    """fit with a CSVLogger; the lines of epochs on standard output."""
    os.environ["KERAS_BACKEND"] = "jax"
    import keras as k

    k.utils.set_random_seed(args.seed)
    x, y = data(args)
    model = k.Sequential([k.layers.Dense(8, activation="relu"), k.layers.Dense(1)])
    model.compile(k.optimizers.SGD(args.lr), "mse")
    os.makedirs(args.output, exist_ok=True)
    print(args, flush=True)
    slow = k.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _: crash(args, epoch + 1))
    model.fit(x, y, args.batch_size, args.steps, validation_split=0.2, verbose=2,
              callbacks=[k.callbacks.CSVLogger(f"{args.output}/training.log"), slow])  # fmt: skip


def xgboost(args: argparse.Namespace) -> None:
    """train with evals printed each round."""
    import xgboost as xgb

    x, y = data(args)
    print(args, flush=True)

    class Slow(xgb.callback.TrainingCallback):
        def after_iteration(self, model, epoch, evals_log):  # type: ignore[no-untyped-def]
            crash(args, epoch + 1)
            return False

    told = {"eta": args.lr, "seed": args.seed, "subsample": 0.8, "nthread": 1, "max_depth": 3}
    train, held = xgb.DMatrix(x[:200], y[:200]), xgb.DMatrix(x[200:], y[200:])
    xgb.train(told, train, args.steps, [(train, "train"), (held, "eval")], callbacks=[Slow()])


def lightgbm(args: argparse.Namespace) -> None:
    """train with evals printed each round."""
    import lightgbm as lgb

    x, y = data(args)
    print(args, flush=True)
    told = {"learning_rate": args.lr, "seed": args.seed, "num_threads": 1, "metric": "l2",
            "bagging_fraction": 0.8, "bagging_freq": 1, "verbosity": -1}  # fmt: skip
    train = lgb.Dataset(x[:200], y[:200])
    held = lgb.Dataset(x[200:], y[200:], reference=train)
    lgb.train(told, train, args.steps, [train, held], ["training", "valid"],
              callbacks=[lgb.log_evaluation(1), lambda e: crash(args, e.iteration + 1)])  # fmt: skip


def wandb(args: argparse.Namespace) -> None:
    """A loop of one's own that logs to W&B, offline."""
    import wandb as w

    os.environ["WANDB_SILENT"] = "true"
    os.makedirs(args.output, exist_ok=True)
    run = w.init(project="tiny", name=f"{args.name}-s{args.seed}", mode="offline",
                 dir=args.output, config={k: getattr(args, k) for k in SETTINGS})  # fmt: skip
    for step, loss in sgd(args):
        w.log({"train/loss": loss}, step=step)
        print(f"step {step}/{args.steps} loss {loss:.4f}", flush=True)
    run.finish()


def mlflow(args: argparse.Namespace) -> None:
    """A loop of one's own that logs to MLflow's file store."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    import mlflow as m

    m.set_tracking_uri("file://" + os.path.abspath(args.output))
    m.set_experiment("tiny")
    with m.start_run(run_name=f"{args.name}-s{args.seed}"):
        m.log_params({k: getattr(args, k) for k in SETTINGS})
        for step, loss in sgd(args):
            m.log_metric("train_loss", loss, step=step)
            print(f"step {step}/{args.steps} loss {loss:.4f}", flush=True)


def hydra(args: argparse.Namespace) -> None:
    """A loop of one's own below hydra.main, which sets folder and logging up."""
    import logging

    import hydra as h
    from hydra.core.config_store import ConfigStore

    known = {k: getattr(args, k) for k in ("library", *SETTINGS, "steps", "pause", "crash")}
    ConfigStore.instance().store("config", node=dict.fromkeys(known, 0))

    @h.main(version_base=None, config_name="config")
    def main(config) -> None:  # type: ignore[no-untyped-def]
        log = logging.getLogger("train")
        for step, loss in sgd(config):
            log.info("step %d/%d loss %.5f", step, config.steps, loss)

    overrides = [f"{key}={value}" for key, value in known.items()]
    sys.argv = ["train.py", f"hydra.run.dir={args.output}", *overrides]
    main()


def trackio(args: argparse.Namespace) -> None:
    """A loop of one's own that logs to trackio's database."""
    os.environ["TRACKIO_DIR"] = os.path.abspath(args.output)
    os.environ["TRACKIO_OFFLINE"] = "1"
    import trackio as t

    t.init(project="tiny", name=f"{args.name}-s{args.seed}", embed=False,
           config={k: getattr(args, k) for k in SETTINGS})  # fmt: skip
    for step, loss in sgd(args):
        t.log({"train_loss": loss}, step=step)
    t.finish()


def tensorboard(args: argparse.Namespace) -> None:
    """A loop of one's own with PyTorch's SummaryWriter and add_hparams."""
    from tensorboardX import SummaryWriter

    with SummaryWriter(args.output) as writer:
        told = {k: getattr(args, k) for k in SETTINGS}
        writer.add_hparams(told, {"hparam/zero": 0.0})
        for step, loss in sgd(args):
            writer.add_scalar("train/loss", loss, step)
            print(f"step {step}/{args.steps} loss {loss:.4f}", flush=True)


def swanlab(args: argparse.Namespace) -> None:
    """A loop of one's own that logs to SwanLab, offline."""
    import swanlab as s

    os.makedirs(args.output, exist_ok=True)
    s.init(project="tiny", experiment_name=f"{args.name}-s{args.seed}", mode="offline",
           logdir=args.output, config={k: getattr(args, k) for k in SETTINGS})  # fmt: skip
    for step, loss in sgd(args):
        s.log({"train/loss": loss}, step=step)
    s.finish()


def clearml(args: argparse.Namespace) -> None:
    """A loop of one's own that reports to ClearML, offline."""
    os.environ["CLEARML_OFFLINE_MODE"] = "1"
    os.environ["CLEARML_CACHE_DIR"] = os.path.abspath(args.output)
    from clearml import Task

    Task.set_offline(offline_mode=True)
    task = Task.init("tiny", f"{args.name}-s{args.seed}", auto_connect_frameworks=False,
                     auto_resource_monitoring=False, auto_connect_streams=False)  # fmt: skip
    task.connect({k: getattr(args, k) for k in SETTINGS})
    for step, loss in sgd(args):
        task.get_logger().report_scalar("train", "loss", value=loss, iteration=step)
    task.close()


def aim(args: argparse.Namespace) -> None:
    """A loop of one's own that tracks with Aim, and prints."""
    from aim import Run

    os.makedirs(args.output, exist_ok=True)
    run = Run(repo=args.output, experiment="tiny", system_tracking_interval=None)
    run.name = f"{args.name}-s{args.seed}"
    run["hparams"] = {k: getattr(args, k) for k in SETTINGS}
    for step, loss in sgd(args):
        run.track(loss, name="loss", step=step)
        print(f"step {step}/{args.steps} loss {loss:.4f}", flush=True)


SETTINGS = ("lr", "batch_size", "seed")
LIBRARIES: dict[str, Callable[[argparse.Namespace], None]] = {
    one.__name__: one
    for one in (transformers, lightning, keras, xgboost, lightgbm, wandb, mlflow, hydra, trackio,
                tensorboard, swanlab, clearml, aim)
}  # fmt: skip


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser()
    parser.add_argument("library", choices=LIBRARIES)
    parser.add_argument("--output", required=True)
    parser.add_argument("--name", default="tiny")
    parser.add_argument("--lr", type=float, default=0.02)
    parser.add_argument("--batch_size", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--pause", type=float, default=0.0, help="seconds a step")
    parser.add_argument("--crash", type=int, default=0, help="the step at which it breaks")
    args = parser.parse_args()
    LIBRARIES[args.library](args)


if __name__ == "__main__":
    main()

# /// script
# dependencies = ["ray[rllib,tune]==2.60.0"]
# [tool.zoo]
# tool = "Ray Tune"
# environment = "ray"
# log = ""
# train = "ray/tune/loss"
# also = ["time_.*", "timestamp", "pid", "iterations_since_restore", "training_iteration", "loss", "config/.*", "info/.*", "ray/tune/.*"]
# runs = 2
# pace_s = 0.2
# ///
"""Two trials: result.json, progress.csv and an event file each."""

import os

from zoo import Truth, descent

os.environ["TUNE_DISABLE_STRICT_METRIC_CHECKING"] = "1"


def train(config):
    from ray import tune

    truth = Truth() if config["rate"] > 0.02 else None
    for step, loss, _ in descent(30, config["rate"]):
        tune.report({"loss": loss})
        if truth:
            truth.values(step, {"ray/tune/loss": loss})


if __name__ == "__main__":
    import ray
    from ray import tune

    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    tune.Tuner(
        train, param_space={"rate": tune.grid_search([0.05, 0.01])},
        run_config=tune.RunConfig(storage_path=os.path.join(os.getcwd(), "results"), name="a"),
    ).fit()  # fmt: skip

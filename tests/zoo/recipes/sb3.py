# /// script
# dependencies = ["stable-baselines3==2.9.2", "torch==2.13.0", "numpy"]
# [tool.zoo]
# tool = "Stable-Baselines3"
# environment = "torch"
# train = "train/loss"
# rate = "train/learning_rate"
# also = ["(time|rollout|train)/.*"]
# note = "PPO: console, CSV, JSON and event file at once; steps of the environment"
# ///
"""PPO on CartPole with every logger that it has."""

from stable_baselines3 import PPO
from stable_baselines3.common.logger import KVWriter, configure
from zoo import Truth

truth = Truth()


class Note(KVWriter):
    def write(self, values, excluded, step=0):
        names = ("train/loss", "train/learning_rate", "rollout/ep_rew_mean")
        truth.values(step, {name: values[name] for name in names if name in values})

    def close(self):
        pass


logger = configure("logs", ["stdout", "csv", "json", "tensorboard"])
logger.output_formats.append(Note())
model = PPO("MlpPolicy", "CartPole-v1", n_steps=128, seed=0, device="cpu")
model.set_logger(logger)
model.learn(128 * 20)

# /// script
# dependencies = ["skrl==2.1.1", "torch==2.13.0", "gymnasium", "numpy"]
# [tool.zoo]
# tool = "skrl"
# environment = "torch"
# train = "Loss / Q-network loss"
# also = ["(Loss|Reward|Episode|Target|Learning|Exploration|Stats|Q-network) / .*"]
# pace_s = 0.15
# note = "event files alone; the console has a bar without a loss"
# ///
"""DQN of skrl on CartPole: TensorBoard."""

import gymnasium
import torch
from skrl.agents.torch.dqn import DQN
from skrl.envs.wrappers.torch import wrap_env
from skrl.memories.torch import RandomMemory
from skrl.models.torch import DeterministicMixin, Model
from skrl.trainers.torch import SequentialTrainer
from skrl.utils import set_seed
from zoo import Truth

set_seed(0)
truth = Truth()
env = wrap_env(gymnasium.make("CartPole-v1"))


class Q(DeterministicMixin, Model):
    def __init__(self, observation_space, action_space, device):
        Model.__init__(
            self, observation_space=observation_space, action_space=action_space, device=device
        )
        DeterministicMixin.__init__(self)
        self.net = torch.nn.Sequential(
            torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 2)
        )

    def compute(self, inputs, role):
        return self.net(inputs["observations"]), {}


models = {
    name: Q(env.observation_space, env.action_space, "cpu")
    for name in ("q_network", "target_q_network")
}
cfg = {"learning_starts": 50, "random_timesteps": 50,
       "experiment": {"directory": "runs", "write_interval": 20, "checkpoint_interval": 0}}  # fmt: skip
agent = DQN(models=models, memory=RandomMemory(memory_size=500, num_envs=1, device="cpu"), cfg=cfg,
            observation_space=env.observation_space, action_space=env.action_space, device="cpu")  # fmt: skip
write = agent.write_tracking_data


def note(*, timestep, timesteps):
    name = "Loss / Q-network loss"
    values = list(agent.tracking_data.get(name, []))
    write(timestep=timestep, timesteps=timesteps)
    if values:
        truth.values(timestep, {name: sum(values) / len(values)})


agent.write_tracking_data = note
SequentialTrainer(env=env, agents=agent, cfg={"timesteps": 1000, "headless": True}).train()

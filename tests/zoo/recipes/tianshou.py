# /// script
# dependencies = ["tianshou==2.0.1", "torch==2.13.0", "numpy", "tensorboard"]
# [tool.zoo]
# tool = "Tianshou"
# environment = "torch"
# train = "update/loss"
# also = ["(training|test|update|info)/.*"]
# pace_s = 0.2
# note = "counts environment steps, updates and epochs on axes of their own"
# ///
"""A DQN on a pole, with the bar of its trainer and its TensorBoard logger."""

import gymnasium
from tianshou.algorithm import DQN
from tianshou.algorithm.modelfree.dqn import DiscreteQLearningPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Collector, CollectStats, VectorReplayBuffer
from tianshou.env import DummyVectorEnv
from tianshou.trainer import OffPolicyTrainerParams
from tianshou.utils import TensorboardLogger
from tianshou.utils.net.common import Net
from torch.utils.tensorboard import SummaryWriter
from zoo import Truth

truth = Truth()
write = TensorboardLogger.write


def noted(self, step_type, step, data):
    write(self, step_type, step, data)
    if step_type == "update/update_step":
        truth.values(step, {"update/loss": data["loss"]})


TensorboardLogger.write = noted
envs = [DummyVectorEnv([lambda: gymnasium.make("CartPole-v1")] * 2) for _ in range(2)]
space = gymnasium.make("CartPole-v1")
net = Net(state_shape=(4,), action_shape=2, hidden_sizes=[16])
policy = DiscreteQLearningPolicy(model=net, action_space=space.action_space, eps_training=0.1)
algorithm = DQN(policy=policy, optim=AdamOptimizerFactory(lr=1e-3), target_update_freq=50)
training = Collector[CollectStats](algorithm, envs[0], VectorReplayBuffer(2000, 2))
training.reset()
training.collect(n_step=64)
algorithm.run_training(
    OffPolicyTrainerParams(
        training_collector=training,
        test_collector=Collector[CollectStats](algorithm, envs[1]),
        max_epochs=4,
        epoch_num_steps=200,
        collection_step_num_env_steps=10,
        test_step_num_episodes=2,
        batch_size=16,
        update_step_num_gradient_steps_per_sample=0.1,
        logger=TensorboardLogger(SummaryWriter("log"), training_interval=10, update_interval=1),
    )
)

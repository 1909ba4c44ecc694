"""A small network in numpy, trained by gradient descent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Network:
    """A perceptron with one hidden layer, for classification.

    Args:
        inputs, hidden, classes: widths of the layers.
        rng: draws the first weights.
    """

    def __init__(self, inputs: int, hidden: int, classes: int, rng: np.random.Generator) -> None:
        self.weights: list[Array] = [
            rng.normal(0, inputs**-0.5, (inputs, hidden)),
            np.zeros(hidden),
            rng.normal(0, 0.5 * hidden**-0.5, (hidden, classes)),
            np.zeros(classes),
        ]
        self._velocity = [np.zeros_like(w) for w in self.weights]

    def loss(self, x: Array, labels: NDArray[np.int64]) -> float:
        """Mean cross-entropy in nats."""
        return _cross_entropy(self._forward(x)[1], labels)

    def step(
        self, x: Array, labels: NDArray[np.int64], rate: float, momentum: float = 0.9
    ) -> tuple[float, float]:
        """One step of gradient descent with momentum.

        Returns:
            The loss before the step, and the norm of the gradient.
        """
        hidden, logits = self._forward(x)
        loss = _cross_entropy(logits, labels)
        error = _softmax(logits)
        error[np.arange(len(labels)), labels] -= 1
        error /= len(labels)
        back = (error @ self.weights[2].T) * (1 - hidden**2)
        gradients = [x.T @ back, back.sum(0), hidden.T @ error, error.sum(0)]
        norm = float(np.sqrt(sum(float((g**2).sum()) for g in gradients)))
        for weight, velocity, gradient in zip(self.weights, self._velocity, gradients, strict=True):
            velocity *= momentum
            velocity += gradient
            weight -= rate * velocity
        return loss, norm

    def _forward(self, x: Array) -> tuple[Array, Array]:
        hidden = np.tanh(x @ self.weights[0] + self.weights[1])
        return hidden, hidden @ self.weights[2] + self.weights[3]


def _softmax(logits: Array) -> Array:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def _cross_entropy(logits: Array, labels: NDArray[np.int64]) -> float:
    """Without the usual guard: a network that has blown up shows it as NaN or infinity."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return float(np.mean(log_sum - shifted[np.arange(len(labels)), labels]))

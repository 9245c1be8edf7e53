"""Objectives by name in Python: what the name stands for is looked up when the network is there."""

from torch import Tensor

from mindseye.errors import UserError
from mindseye.optimize.objectives.address import CLASS, parse_objective
from mindseye.optimize.objectives.lookup import look_up
from mindseye.optimize.objectives.objective import Activations, Objective
from mindseye.optimize.objectives.surveyed import Surveyed


class Named(Objective):
    """What words of the command line name: ``Named("layer3.5.conv1:11@4,7")``, ``Named("layer4:direction.npy")``."""

    def __init__(self, words: str, power: float = 2.0, probability: bool = False) -> None:
        """words: as ``parse_objective`` reads them. power: of the cosine, for directions. probability: whether a class counts
        by the logarithm of its softmax probability rather than by its logit.

        Raises:
            UserError: if the words follow none of the forms.
        """
        self._address = parse_objective(words)
        self.name, self.layers = words, ()
        self._power, self._probability = power, probability

    def bind(self, network: Surveyed) -> Objective:
        return look_up(self._address, network, self._power, self._probability)[0]

    def __call__(self, activations: Activations) -> Tensor:
        raise UserError(
            f"objective {self.name!r} is not bound to a network: paint it through a session, or call bind first"
        )


class Class(Named):
    """A class of the network, by its name, its WordNet identifier or its index: ``Class("zebra")``."""

    def __init__(self, label: str | int, probability: bool = False) -> None:
        """probability: whether it counts by the logarithm of its softmax probability rather than by its logit.

        Raises:
            UserError: if the label is neither words nor a whole number.
        """
        if isinstance(label, bool) or not isinstance(label, str | int):
            raise UserError(f"label is the name of a class, its WordNet identifier or its index, not {label!r}")
        super().__init__(f"{CLASS}:{label}", probability=probability)

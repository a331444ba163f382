"""The base of objectives."""

from __future__ import annotations

from typing import ClassVar

from skorch.callbacks import Callback

from sklearn_irx.components.base import Component
from sklearn_irx.nn.config import NetworkConfig
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.objectives import ObjectiveModule


class Objective(Component):
    """Base of objectives, which say what the networks are trained on.

    The penalties of words and of transitions are added to any of them. An objective is of training
    alone: nothing of it is in the network that predicts, or saved with it. Epochs are compared by
    the validation loss of the model as it predicts, whatever the objective.

    A subclass has parameters of its own, :meth:`build`, and where not every network can be trained
    on it :meth:`check_network`.

    Attributes
    ----------
    needs_exact_zeros : bool
        Whether the masks of training must leave words out entirely.
    """

    needs_exact_zeros: ClassVar[bool] = False

    def adapted(self, parts: dict[str, Component]) -> dict[str, Component]:
        """Return the other parts of a classifier as this objective wants them.

        Parameters
        ----------
        parts : dict of str to Component
            By the parameter of the classifier. They are not changed.

        Returns
        -------
        parts : dict of str to Component

        Raises
        ------
        ValueError
            If a part says expressly what the objective rules out.
        """
        return parts

    def check_network(self, config: NetworkConfig) -> None:
        """Raise ValueError if the networks of this configuration cannot be trained on it."""
        if self.needs_exact_zeros and not config.sampler.module.has_exact_zeros:
            raise ValueError(
                f"objective={self!r} needs masks that leave words out, and sampler="
                f"{config.sampler!r} leaves none out in training: give another, such as "
                "'straight_through' or 'top_k'."
            )

    def build(self, module: Rationalizer) -> ObjectiveModule:  # noqa: ARG002
        """Build what training needs for a network, whose initial weights are set.

        Parameters
        ----------
        module : Rationalizer
            The network to train.

        Returns
        -------
        objective : ObjectiveModule
            Weights that it names ``reader.…`` have the learning rate of the predictor.
        """
        return ObjectiveModule()

    def callbacks(self) -> list[Callback]:
        """Return what is to happen between the steps of training."""
        return []


def check_shares_no_encoder(objective: Objective, config: NetworkConfig, reason: str) -> None:
    """Raise ValueError, with a reason, if the predictor shares the encoder of the selector."""
    if config.predictor.shares_encoder(of_pieces=config.encoder.reads_pieces):
        raise ValueError(
            f"objective={objective!r} has {reason}: give share_encoder=False of predictor."
        )


def check_has_encoder(objective: Objective, config: NetworkConfig) -> None:
    """Raise ValueError if training does not change which words rank first."""
    if not config.encoder.has_context:
        raise ValueError(
            f"objective={objective!r} trains which words are selected, and with encoder=None the "
            "linear initialization ranks them: give an encoder, such as 'cnn', or objective=None."
        )

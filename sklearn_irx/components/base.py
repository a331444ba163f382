"""The base of components: small estimators that own their parameters and build a part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from sklearn.base import BaseEstimator, clone


class Component(BaseEstimator):
    """Base of the parts of a classifier: parameters with constraints, and a method ``build``."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {}
    _doc_link_module = "sklearn_irx"

    def check(self) -> None:
        """Check the parameters, and raise ValueError if one is out of range."""
        self._validate_params()

    def shaping_params(self) -> dict[str, Any]:
        """Return the parameters that must be equal for one network to load another's weights."""
        return self.get_params(deep=False)


@dataclass(frozen=True)
class Registry:
    """The components that one parameter of the classifier accepts.

    Attributes
    ----------
    parameter : str
        The parameter.
    kind : type
        The base class of its components.
    named : dict of (str or None) to Component
        Components by name. One that is added here can be given by its name, and loaded from a
        folder.
    """

    parameter: str
    kind: type[Component]
    named: dict[str | None, Component]

    def find(self, value: Any) -> Component:
        """Return `value`, or the component that it stands for.

        Raises
        ------
        ValueError
            If it is neither a component nor the name of one.
        """
        if isinstance(value, self.kind):
            return value
        if (value is None or isinstance(value, str)) and value in self.named:
            return self.named[value]
        names = ", ".join(repr(name) for name in self.named)
        example = next(iter(self.named.values()))
        raise ValueError(
            f"{self.parameter}={value!r}: give one of {names}, or an object such as {example!r}."
        )

    def make(self, value: Any) -> Component:
        """Return a copy of what :meth:`find` returns."""
        return clone(self.find(value))


class ComponentParamsMixin:
    """Parameters of components by nested names, also where a component is given by a name.

    ``set_params(training__learning_rate=1e-4)`` works where ``training=None``: the component it
    stands for replaces the name.
    """

    _registries: ClassVar[dict[str, Registry]] = {}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters.

        Parameters
        ----------
        deep : bool, default=True
            Whether to return the parameters of the components, too.

        Returns
        -------
        params : dict
            Nested parameters have names such as ``encoder__n_filters``.
        """
        params: dict[str, Any] = super().get_params(deep=deep)  # type: ignore[misc]
        for name, registry in self._registries.items() if deep else ():
            value = params[name]
            if (value is None or isinstance(value, str)) and value in registry.named:
                nested = registry.named[value].get_params()
                params.update({f"{name}__{key}": own for key, own in nested.items()})
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters, and those of components by nested names.

        Parameters
        ----------
        **params
            ``lambda1=0.01``, ``encoder="rnn"``, ``training__learning_rate=1e-4``.

        Returns
        -------
        self : estimator
        """
        own = {name: value for name, value in params.items() if "__" not in name}
        super().set_params(**own)  # type: ignore[misc]
        nested = {name: value for name, value in params.items() if "__" in name}
        for name in {key.partition("__")[0] for key in nested} & self._registries.keys():
            if not isinstance(getattr(self, name), Component):
                setattr(self, name, self._registries[name].make(getattr(self, name)))
        super().set_params(**nested)  # type: ignore[misc]
        return self

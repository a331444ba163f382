"""All imports of private names of scikit-learn."""

from collections.abc import Iterator
from typing import Any

from sklearn.base import _fit_context as fit_context
from sklearn.datasets._twenty_newsgroups import (
    strip_newsgroup_footer,
    strip_newsgroup_header,
    strip_newsgroup_quoting,
)
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    StrOptions,
    generate_invalid_param_val,
    make_constraint,
    validate_parameter_constraints,
)
from sklearn.utils._set_output import _get_output_config as get_output_config
from sklearn.utils.metaestimators import _BaseComposition as BaseComposition
from sklearn.utils.validation import _check_method_params as check_method_params

try:
    from sklearn.utils._repr_html.estimator import _VisualBlock as VisualBlock
except ImportError:  # before scikit-learn 1.8
    from sklearn.utils._estimator_html_repr import _VisualBlock as VisualBlock

__all__ = [
    "BaseComposition",
    "HasMethods",
    "Interval",
    "StrOptions",
    "VisualBlock",
    "check_method_params",
    "fit_context",
    "get_output_config",
    "invalid_values",
    "sklearn_checks_of",
    "strip_newsgroup_footer",
    "strip_newsgroup_header",
    "strip_newsgroup_quoting",
    "validate_parameter_constraints",
]


def invalid_values(constraints: list[Any] | str) -> Iterator[Any]:
    """Yield values that the constraints of a parameter do not allow; the first has an unknown type.

    Parameters
    ----------
    constraints : list or "no_validation"
        As in ``_parameter_constraints``.
    """
    yield type("NoSuchType", (), {"__repr__": lambda _: "<a value of no known type>"})()
    if isinstance(constraints, str):
        return
    for constraint in constraints:
        try:
            yield generate_invalid_param_val(make_constraint(constraint))
        except NotImplementedError:  # every value of the type is allowed
            continue


def sklearn_checks_of(estimator: Any) -> Iterator[Any]:
    """Return the checks that scikit-learn runs on an estimator."""
    # Imported here because it imports pytest where that is installed.
    from sklearn.utils.estimator_checks import _yield_all_checks

    return _yield_all_checks(estimator, legacy=True)

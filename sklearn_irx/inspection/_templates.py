"""Templates filled in with jinja2, every text escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from sklearn_irx.inspection._pieces import percent
from sklearn_irx.text.harmless import one_line

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


_HERE = "sklearn_irx.inspection"


def render(name: str, *, package: str = _HERE, **values: Any) -> str:
    """Fill in a template of the folder ``templates`` of a package, or of this one.

    Raises
    ------
    ImportError
        If jinja2 is not installed.
    """
    return _environment(package).get_template(name).render(**values)


def source_of(name: str) -> Markup:
    """Return a file of the folder ``templates``, to be put into a page unescaped."""
    from markupsafe import Markup

    environment = _environment(_HERE)
    assert environment.loader is not None
    return Markup(environment.loader.get_source(environment, name)[0])


@cache
def _environment(package: str) -> Environment:
    try:
        from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
    except ImportError as error:
        raise ImportError(
            'HTML pages need jinja2, which an extra installs: pip install "sklearn-irx[report]"'
        ) from error
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader(_HERE)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(one_line=one_line, percent=percent)
    return environment

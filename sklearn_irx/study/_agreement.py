"""How far annotators agree beyond chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


class Agreement(NamedTuple):
    """What :func:`agreement` found.

    Attributes
    ----------
    alpha : float
        Krippendorff's alpha for nominal values, over all items that two or more answered.
    kappa : float
        Fleiss' kappa, over the items that everybody answered who answered anything.
    n_items : int
        How many items `kappa` is over.
    """

    alpha: float
    kappa: float
    n_items: int


def agreement(answers: pd.DataFrame) -> Agreement:
    """Say how far annotators agree about classes: 1 is always, 0 as chance would have it.

    That nothing could be read is an answer as any class is. Who has answered nothing is left out.

    Parameters
    ----------
    answers : DataFrame
        Rows of :meth:`Study.answers`, of the items that matter: best without practice, and without
        checks of attention, whose answers are given. The columns ``annotator``, ``item``,
        ``label`` and ``answered`` are read.

    Returns
    -------
    agreement : Agreement
        Not a number where it is not defined: less than two annotators or nothing answered by two,
        or all answers the same, of which chance would make as much.

    Raises
    ------
    ImportError
        If krippendorff or statsmodels is not installed.

    References
    ----------
    .. [1] K. Krippendorff, "Content Analysis", 2004, chapter 11.
    .. [2] J. L. Fleiss, "Measuring Nominal Scale Agreement among Many Raters", Psychological
       Bulletin, 1971.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn_irx.study import agreement
    >>> answers = pd.DataFrame({
    ...     "annotator": ["Ada"] * 4 + ["Bo"] * 4,
    ...     "item": [1, 2, 3, 4] * 2,
    ...     "label": ["food", "noise", "noise", "food", "food", "noise", "food", None],
    ...     "answered": [True] * 7 + [False],
    ... })
    >>> found = agreement(answers)
    >>> round(found.alpha, 2), round(found.kappa, 2), found.n_items
    (0.44, 0.33, 3)
    """
    try:
        import krippendorff
        from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa
    except ImportError as error:
        raise ImportError(
            f"agreement of annotators needs {error.name}, which an extra installs: "
            'pip install "sklearn-irx[study]"'
        ) from error

    given = answers[answers["answered"].to_numpy(dtype=bool)]
    # An own number for "nothing readable", whose label is missing.
    values = given["label"].factorize(use_na_sentinel=False)[0].astype(float)
    table = (
        given[["item", "annotator"]]
        .assign(value=values)
        .pivot_table(index="item", columns="annotator", values="value")
        .to_numpy()
    )
    compared = table[(~np.isnan(table)).sum(axis=1) >= 2]
    alpha = kappa = np.nan
    if _differ(compared):
        alpha = float(krippendorff.alpha(compared.T, level_of_measurement="nominal"))
    complete = compared[~np.isnan(compared).any(axis=1)].astype(int)
    if _differ(complete):
        kappa = float(fleiss_kappa(aggregate_raters(complete)[0]))
    return Agreement(alpha, kappa, len(complete))


def _differ(values: np.ndarray) -> bool:
    """Tell whether there are two values; agreement is not defined where all is one."""
    return len(np.unique(values[~np.isnan(values)])) > 1

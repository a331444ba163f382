"""Agreement between annotators beyond chance."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


class Agreement(NamedTuple):
    """Agreement between annotators, as :func:`agreement` computes it.

    Attributes
    ----------
    alpha : float
        Krippendorff's alpha for nominal values, over items with two or more answers.
    kappa : float
        Fleiss' kappa, over items answered by every annotator with any answer.
    n_items : int
        Number of items that `kappa` uses.
    """

    alpha: float
    kappa: float
    n_items: int


def agreement(answers: pd.DataFrame) -> Agreement:
    """Compute how far annotators agree about classes: 1 is always, 0 as often as by chance.

    "Nothing readable" counts as one more class. Annotators without any answer are left out.

    Parameters
    ----------
    answers : DataFrame
        Rows of :meth:`Study.answers`, best without practice and attention checks. The columns
        ``annotator``, ``item``, ``label`` and ``answered`` are used.

    Returns
    -------
    agreement : Agreement
        nan where undefined: no item with two answers, or all answers the same.

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
            f"agreement between annotators needs {error.name}, which an extra installs: "
            'pip install "sklearn-irx[study]"'
        ) from error

    given = answers[answers["answered"].to_numpy(dtype=bool)]
    # "Nothing readable" has no label, and gets a number of its own.
    values = given["label"].factorize(use_na_sentinel=False)[0].astype(float)
    table = (
        given[["item", "annotator"]]
        .assign(value=values)
        .pivot_table(index="item", columns="annotator", values="value")
        .to_numpy()
    )
    shared = table[(~np.isnan(table)).sum(axis=1) >= 2]
    alpha = kappa = np.nan
    if _vary(shared):
        alpha = float(krippendorff.alpha(shared.T, level_of_measurement="nominal"))
    complete = shared[~np.isnan(shared).any(axis=1)].astype(int)
    if _vary(complete):
        kappa = float(fleiss_kappa(aggregate_raters(complete)[0]))
    return Agreement(alpha, kappa, len(complete))


def _vary(values: np.ndarray) -> bool:
    """Return whether two values differ; otherwise agreement is undefined."""
    return len(np.unique(values[~np.isnan(values)])) > 1

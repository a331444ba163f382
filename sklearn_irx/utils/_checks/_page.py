"""The page of the documentation about the checks, made from the checks themselves.

``python -m sklearn_irx.utils._checks._page docs/estimator_checks.md`` writes it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from sklearn_irx.utils._checks._of_sklearn import (
    AS_THEY_ARE,
    CANNOT_APPLY,
    KNOWN_FAILURES,
    REWRITTEN,
    SKLEARN_VERSION,
    sklearn_check_names,
)
from sklearn_irx.utils._checks._registry import text_checks_by_theme

_HEAD = """\
# Checks for estimators on raw text

scikit-learn's `check_estimator` fits on arrays of numbers. For an estimator whose tags say that it
reads strings, it checks that it can be cloned, and stops. `sklearn_irx.utils.estimator_checks` has
checks that fit on texts, for your own classifiers and transformers and for pipelines too. Every
estimator of this package passes them; the exceptions are below.

```python
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.naive_bayes import ComplementNB
from sklearn.pipeline import make_pipeline
from sklearn_irx.utils.estimator_checks import check_text_estimator, parametrize_with_text_checks

estimator = make_pipeline(TfidfVectorizer(), ComplementNB())
for result in check_text_estimator(estimator, on_fail=None):
    if result["status"] == "failed":
        print(result["check_name"], result["exception"])


def known(estimator):
    \"\"\"What is expected to fail, and why. What passes all the same is a failure.\"\"\"
    return {"check_text_no_strings": "the vectorizer raises AttributeError"}


@parametrize_with_text_checks([estimator], expected_failed_checks=known)
def test_my_text_classifier(estimator, check):  # run by pytest, once for each check
    check(estimator)
```

Both are used as scikit-learn's `check_estimator` and `parametrize_with_checks` are. Two things are
stricter: an expected failure that passes is a failure, and so is a name that no check has.

The documents are two dozen short ones, invented; `text_check_data()` gives them and their labels.
An estimator that holds fitted parts, a frozen classifier say, needs them fitted on these. Each
check fits clones of its own, so set parameters that train fast. Every `random_state`, of parts too,
is set to 0.

Documents read in another order, in another container or a few at a time have to get the same
labels, masks and texts. Numbers may differ by `TOLERANCE`, which is 1e-5: the order in which they
are summed depends on what stands in a batch.

This page is made from the checks, by
`python -m sklearn_irx.utils._checks._page docs/estimator_checks.md`.
"""


def page() -> str:
    """Give the page in Markdown."""
    parts = [_HEAD, "## The checks\n"]
    for heading, checks in text_checks_by_theme().items():
        rows = [(f"`{check.__name__}`", (check.__doc__ or "").split("\n")[0]) for check in checks]
        parts += [f"### {heading}\n", _table(("check", "asserts"), rows)]
    parts.append(
        f"""\
## scikit-learn's own checks

scikit-learn {SKLEARN_VERSION} has {len(AS_THEY_ARE) + len(REWRITTEN) + len(CANNOT_APPLY)} checks \
of its own. {len(AS_THEY_ARE)} need no documents: they are run here as they are, along with those \
above. {len(REWRITTEN)} are asked on texts by checks above. {len(CANNOT_APPLY)} say nothing about \
raw text.

### Run as they are
"""
    )
    parts += [
        _table(("check", "asserts"), [(f"`{k}`", f"{v}.") for k, v in AS_THEY_ARE.items()]),
        "### Asked on texts\n",
        _table(
            ("scikit-learn's check", "here"),
            [(f"`{k}`", ", ".join(f"`{name}`" for name in v)) for k, v in REWRITTEN.items()],
        ),
        "### Not for raw text\n",
        _table(("check", "why"), [(f"`{k}`", v) for k, v in CANNOT_APPLY.items()]),
        "## Known exceptions\n",
        "These fail, and are expected to.\n",
    ]
    for which, failures in KNOWN_FAILURES.items():
        rows = [(f"`{name}`", reason) for name, reason in failures.items()]
        parts += [f"{which}:\n", _table(("check", "why"), rows)]
    return "\n".join(parts)


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    lines = [head, ("---", "---"), *rows]
    return "".join(f"| {left} | {right} |\n" for left, right in lines)


def unlisted() -> list[str]:
    """Say where the lists and scikit-learn differ: checks that are in none, in two, or gone."""
    lists = [*AS_THEY_ARE, *REWRITTEN, *CANNOT_APPLY]
    there = sklearn_check_names()
    return sorted(
        [f"{name} is new" for name in there - set(lists)]
        + [f"{name} is gone" for name in set(lists) - there]
        + [f"{name} is listed twice" for name in set(lists) if lists.count(name) > 1]
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")

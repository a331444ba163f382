"""Generator of the documentation page of the checks.

Run ``python -m sklearn_irx.utils._checks._page docs/estimator_checks.md``.
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

scikit-learn's `check_estimator` fits on arrays of numbers. For an estimator whose tags declare
strings as input, it only checks that cloning works. `sklearn_irx.utils.estimator_checks` provides
checks that fit on texts, for your own classifiers and transformers, including pipelines. All
estimators of this package pass them, with the exceptions below.

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
    \"\"\"Return the expected failures and the reasons. One that passes is a failure.\"\"\"
    return {"check_text_no_strings": "the vectorizer raises AttributeError"}


@parametrize_with_text_checks([estimator], expected_failed_checks=known)
def test_my_text_classifier(estimator, check):  # run by pytest, once for each check
    check(estimator)
```

They are used like scikit-learn's `check_estimator` and `parametrize_with_checks`, but are stricter:
an expected failure that passes is a failure, and so is an unknown name of a check.

The documents are 24 short synthetic ones; `text_check_data()` returns them and their labels.
Prefitted parts of an estimator, such as a frozen classifier, must be fitted on these. Each check
fits its own clones, so choose parameters that train fast. Each `random_state`, of parts too, is set
to 0.

The order and the container of documents and the size of batches must not change labels, masks and
texts. Floats may differ by `TOLERANCE`, which is 1e-5: the order in which they are summed depends
on the batch.

This page is generated from the checks by
`python -m sklearn_irx.utils._checks._page docs/estimator_checks.md`.
"""


def page() -> str:
    """Return the page in Markdown."""
    parts = [_HEAD, "## The checks\n"]
    for heading, checks in text_checks_by_theme().items():
        rows = [(f"`{check.__name__}`", (check.__doc__ or "").split("\n")[0]) for check in checks]
        parts += [f"### {heading}\n", _table(("check", "asserts"), rows)]
    parts.append(
        f"""\
## scikit-learn's own checks

scikit-learn {SKLEARN_VERSION} has {len(AS_THEY_ARE) + len(REWRITTEN) + len(CANNOT_APPLY)} checks \
of its own. {len(AS_THEY_ARE)} need no documents and are run unchanged, together with those above. \
{len(REWRITTEN)} are rewritten for texts above. {len(CANNOT_APPLY)} do not apply to raw text.

### Run unchanged
"""
    )
    parts += [
        _table(("check", "asserts"), [(f"`{k}`", f"{v}.") for k, v in AS_THEY_ARE.items()]),
        "### Rewritten for texts\n",
        _table(
            ("scikit-learn's check", "here"),
            [(f"`{k}`", ", ".join(f"`{name}`" for name in v)) for k, v in REWRITTEN.items()],
        ),
        "### Not applicable to raw text\n",
        _table(("check", "why"), [(f"`{k}`", v) for k, v in CANNOT_APPLY.items()]),
        "## Known exceptions\n",
        "These checks are expected to fail.\n",
    ]
    for estimators, failures in KNOWN_FAILURES.items():
        rows = [(f"`{name}`", reason) for name, reason in failures.items()]
        parts += [f"{estimators}:\n", _table(("check", "why"), rows)]
    return "\n".join(parts)


def _table(head: tuple[str, str], rows: list[tuple[str, str]]) -> str:
    lines = [head, ("---", "---"), *rows]
    return "".join(f"| {left} | {right} |\n" for left, right in lines)


def unlisted() -> list[str]:
    """Return the differences between the lists and the checks of scikit-learn."""
    lists = [*AS_THEY_ARE, *REWRITTEN, *CANNOT_APPLY]
    current = sklearn_check_names()
    return sorted(
        [f"{name} is new" for name in current - set(lists)]
        + [f"{name} is gone" for name in set(lists) - current]
        + [f"{name} is listed twice" for name in set(lists) if lists.count(name) > 1]
    )


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")

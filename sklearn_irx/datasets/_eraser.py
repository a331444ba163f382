"""Reader of the data sets of the ERASER benchmark, and writer of predictions for its scorer."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils import Bunch

from sklearn_irx._validation import check_masks
from sklearn_irx.datasets._corpora import _word_limit
from sklearn_irx.text.spans import runs

_SPLITS = ("train", "val", "test")


class _Annotation(NamedTuple):
    id: str
    query: str
    classification: str
    docids: tuple[str, ...]
    evidences: tuple[tuple[str, int, int], ...]
    """Document, first token, and the token after the last one."""


def read_eraser(
    folder: str | os.PathLike[str],
    split: str = "train",
    *,
    max_words: int | None = None,
    check_splits: bool = True,
) -> Bunch:
    """Load a data set of the ERASER benchmark in its published format.

    A data set is a folder with ``train.jsonl``, ``val.jsonl`` and ``test.jsonl``, an annotation per
    line, and the documents, as files in ``docs`` or as lines of ``docs.jsonl``, with spaces between
    tokens and one sentence per line. The words of the texts are the tokens: use classifiers with
    ``tokenizer=WhitespaceTokenizer()``. Whitespace within a token, such as a no-break space,
    becomes an underscore, so that the token stays one word.

    Parameters
    ----------
    folder : str or path-like
        Path of the data set.
    split : {"train", "val", "test"}, default="train"
        Part to load.
    max_words : int or None, default=None
        Texts, masks and spans are truncated to this many words. None does not truncate.
    check_splits : bool, default=True
        Whether to load the other parts too, and warn of documents that occur in both.

    Returns
    -------
    corpus : :class:`~sklearn.utils.Bunch`
        An entry for each annotation, in the order of the file:

        - ``texts``, list of str: its documents, concatenated, with single spaces between words.
          The query is not included.
        - ``target``, ndarray of shape (n_samples,), dtype str: its classification.
        - ``masks``, ndarray of shape (n_samples, longest text), dtype bool: True for the words of
          its evidences.
        - ``spans``, list of lists of (int, int): its distinct evidences, which may overlap, in
          words of the text, ends exclusive.
        - ``queries``, list of str, empty if there is no query.
        - ``ids``, list of str: ``annotation_id``.
        - ``docids``, list of tuples of str: the names of its documents.
        - ``doc_lengths``, list of tuples of int: their numbers of words before truncation.

        And ``target_names``, list of str, sorted.

    Warns
    -----
    UserWarning
        If the documents of an annotation occur in another split.

    Raises
    ------
    ValueError
        If `split` or `max_words` is not among the above, a line is not an annotation, a document is
        missing, or an evidence exceeds its document.
    FileNotFoundError
        If the folder lacks the split or the documents.

    References
    ----------
    J. DeYoung et al., "ERASER: A Benchmark to Evaluate Rationalized NLP Models", ACL 2020.

    Examples
    --------
    >>> from sklearn_irx.datasets import read_eraser
    >>> val = read_eraser("data/boolq", "val", max_words=500)  # doctest: +SKIP
    >>> with_question = [
    ...     f"{query} {text}" for query, text in zip(val.queries, val.texts)
    ... ]  # doctest: +SKIP
    """
    if split not in _SPLITS:
        raise ValueError(f"split={split!r} does not exist: give one of {list(_SPLITS)}.")
    limit = _word_limit(max_words)
    home = Path(folder)
    annotations = list(_annotations(home, split))
    if not annotations:
        raise ValueError(f"folder={str(home)!r} has an empty {split}.jsonl: download it again.")
    documents = _Documents(home)
    words = [[documents[docid] for docid in one.docids] for one in annotations]
    if check_splits:
        for other in _SPLITS:
            if other != split and (home / f"{other}.jsonl").is_file():
                warn_of_shared(
                    split,
                    [_joined(of_one) for of_one in words],
                    other,
                    (
                        _joined([documents[docid] for docid in one.docids])
                        for one in _annotations(home, other)
                    ),
                )
    spans = [
        _spans(one, of_one, limit, home) for one, of_one in zip(annotations, words, strict=True)
    ]
    texts = [[word for document in of_one for word in document][:limit] for of_one in words]
    masks = np.zeros((len(texts), max(map(len, texts))), dtype=bool)
    for mask, of_one in zip(masks, spans, strict=True):
        for start, end in of_one:
            mask[start:end] = True
    target = np.array([one.classification for one in annotations])
    return Bunch(
        texts=[" ".join(text) for text in texts],
        target=target,
        target_names=sorted({str(label) for label in target}),
        masks=masks,
        spans=spans,
        queries=[one.query for one in annotations],
        ids=[one.id for one in annotations],
        docids=[one.docids for one in annotations],
        doc_lengths=[tuple(map(len, of_one)) for of_one in words],
    )


def write_eraser_predictions(
    path: str | os.PathLike[str],
    corpus: Mapping[str, Any],
    masks: Any,
    *,
    scores: Any = None,
    probabilities: Any = None,
    classes: Sequence[str] | np.ndarray | None = None,
    comprehensiveness_probabilities: Any = None,
    sufficiency_probabilities: Any = None,
) -> None:
    """Write predictions in the format of the scorer of the ERASER benchmark.

    One line of JSON per annotation. The scorer infers the available fields from the first line, so
    annotations with selected words in their first document come first.

    Parameters
    ----------
    path : str or path-like
        The file to write.
    corpus : Bunch
        The result of :func:`read_eraser` for that split.
    masks : array of shape (n_samples, n_words), dtype bool
        The rationales predicted for ``corpus.texts``. Missing columns count as False.
    scores : array-like of shape (n_samples, n_words), dtype float, default=None
        Scores of words. The scorer needs one for each word: words without a score get the minimum
        of their text or 0, whichever is smaller.
    probabilities : array-like of shape (n_samples, n_classes), default=None
        Class probabilities. The most likely class is the classification.
    classes : sequence of n_classes str, default=None
        The label of each column; required with `probabilities`.
    comprehensiveness_probabilities : array-like of shape (n_samples, n_classes), default=None
        Class probabilities from all words but the rationales.
    sufficiency_probabilities : array-like of shape (n_samples, n_classes), default=None
        Class probabilities from the rationales alone. The scorer compares both with
        `probabilities`, which must then be those from all words.

    Raises
    ------
    TypeError
        If `masks` are not boolean.
    ValueError
        If an argument does not match the corpus, or `classes` is missing with probabilities.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_irx.datasets import read_eraser, write_eraser_predictions
    >>> val = read_eraser("data/movies", "val")  # doctest: +SKIP
    >>> everything = np.arange(clf.max_length) < [  # doctest: +SKIP
    ...     [len(words)] for words in clf.word_spans(val.texts)
    ... ]
    >>> masks = clf.transform(val.texts)  # doctest: +SKIP
    >>> write_eraser_predictions(  # doctest: +SKIP
    ...     "predictions.jsonl",
    ...     val,
    ...     masks,
    ...     scores=clf.selection_scores(val.texts),
    ...     probabilities=clf.predict_proba(val.texts, masks=everything),
    ...     classes=clf.classes_,
    ...     comprehensiveness_probabilities=clf.predict_proba(val.texts, masks=everything & ~masks),
    ...     sufficiency_probabilities=clf.predict_proba(val.texts, masks=masks),
    ... )
    """
    n_words = np.array([sum(lengths) for lengths in corpus["doc_lengths"]])
    masks = _full_width("masks", check_masks(masks, len(n_words)), n_words)
    if scores is not None:
        array = np.asarray(scores, dtype=float)
        if array.shape[:1] != (len(n_words),) or array.ndim != 2:
            raise ValueError(
                f"scores has shape {array.shape}: give ({len(n_words)}, n_words), a row for each "
                "text of the corpus."
            )
        _full_width("scores", ~np.isnan(array), n_words)
        scores = array
    fields = {
        "classification_scores": probabilities,
        "comprehensiveness_classification_scores": comprehensiveness_probabilities,
        "sufficiency_classification_scores": sufficiency_probabilities,
    }
    checked = _checked_probabilities(fields, classes, len(n_words))
    rows = []
    for row, (id_, docids, lengths) in enumerate(
        zip(corpus["ids"], corpus["docids"], corpus["doc_lengths"], strict=True)
    ):
        of_words = None if scores is None else _filled_scores(scores[row], int(n_words[row]))
        line: dict[str, Any] = {
            "annotation_id": id_,
            "docids": list(docids),
            "rationales": _rationales(docids, lengths, masks[row], of_words),
        }
        if classes is not None and "classification_scores" in checked:
            best = checked["classification_scores"][row].argmax()
            line["classification"] = str(classes[int(best)])
            for name, array in checked.items():
                line[name] = {
                    str(label): float(p) for label, p in zip(classes, array[row], strict=True)
                }
        rows.append(line)
    rows.sort(key=lambda line: not line["rationales"][0]["hard_rationale_predictions"])
    with Path(path).open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(line) + "\n" for line in rows)


def warn_of_shared(split: str, texts: Sequence[str], other: str, others: Iterable[str]) -> None:
    """Warn of texts that also occur in another split."""
    elsewhere = set(others)
    shared = [row for row, text in enumerate(texts) if text in elsewhere]
    if shared:
        warnings.warn(
            f"{len(shared)} of the {len(texts)} texts of {split!r} occur in {other!r} too, the "
            f"first in row {shared[0]}: remove them from one split, or models are tested on "
            "texts that they were trained on.",
            UserWarning,
            stacklevel=3,
        )


def one_word(token: str) -> str:
    """Return a token with underscores for whitespace in it, so that it stays one word."""
    if token.split() == [token]:
        return token
    return "".join("_" if character.isspace() else character for character in token)


def _annotations(home: Path, split: str) -> Iterator[_Annotation]:
    path = home / f"{split}.jsonl"
    if not path.is_file():
        raise FileNotFoundError(
            f"folder={str(home)!r} has no {path.name}: give the folder of one data set of ERASER."
        )
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            evidences = [one for group in row.get("evidences") or [] for one in group]
            spans = [(str(one["docid"]), one["start_token"], one["end_token"]) for one in evidences]
            id_ = str(row["annotation_id"])
            named = [str(docid) for docid in row.get("docids") or []]
            docids = dict.fromkeys([*named, *(docid for docid, _, _ in spans)]) or {id_: None}
            yield _Annotation(
                id_,
                str(row.get("query") or ""),
                str(row["classification"]),
                tuple(docids),
                tuple(dict.fromkeys(spans)),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(
                f"folder={str(home)!r} has no ERASER annotation on line {number} of {path.name}: "
                "download the file again."
            ) from error


class _Documents:
    """A mapping from names of documents to their words; names never open a path."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._paths: dict[str, Path] = {}
        self._texts: dict[str, str] = {}
        self._words: dict[str, list[str]] = {}
        if (home / "docs.jsonl").is_file():
            for number, line in enumerate(_lines(home / "docs.jsonl"), start=1):
                if not line.strip():
                    continue
                try:
                    row = json.loads(line)
                    self._texts[str(row["docid"])] = str(row["document"])
                except (ValueError, KeyError, TypeError) as error:
                    raise ValueError(
                        f"folder={str(home)!r} has no document on line {number} of docs.jsonl: "
                        "download the file again."
                    ) from error
        elif (home / "docs").is_dir():
            self._paths = {path.name: path for path in (home / "docs").iterdir()}
        else:
            raise FileNotFoundError(
                f"folder={str(home)!r} has neither docs nor docs.jsonl: give the folder of one "
                "data set of ERASER."
            )

    def __getitem__(self, docid: str) -> list[str]:
        if docid not in self._words:
            self._words[docid] = _tokens(self._text(docid))
        return self._words[docid]

    def _text(self, docid: str) -> str:
        if docid in self._texts:
            return self._texts[docid]
        if docid in self._paths:
            return self._paths[docid].read_text(encoding="utf-8")
        raise ValueError(
            f"folder={str(self._home)!r} has annotations of the document {docid!r}, which is "
            "missing: download the data set again."
        )


def _lines(path: Path) -> list[str]:
    # Not splitlines: JSON may contain other line separators.
    return path.read_text(encoding="utf-8").split("\n")


def _tokens(text: str) -> list[str]:
    """Return the tokens, which are separated by spaces, of all stripped lines."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [one_word(token) for line in lines for token in line.strip().split(" ") if token]


def _joined(documents: Iterable[Sequence[str]]) -> str:
    return "\n".join(" ".join(words) for words in documents)


def _spans(
    annotation: _Annotation, documents: list[list[str]], limit: int | None, home: Path
) -> list[tuple[int, int]]:
    """Return the evidences of an annotation as spans in words of its text."""
    starts = [0, *accumulate(len(words) for words in documents)]
    bounds = dict(zip(annotation.docids, pairwise(starts), strict=True))
    spans = []
    for docid, start, end in annotation.evidences:
        first, past = bounds[docid]
        ordered = isinstance(start, int) and isinstance(end, int) and 0 <= start <= end
        if not (ordered and first + end <= past):
            raise ValueError(
                f"folder={str(home)!r} has an evidence from token {start!r} to {end!r} of "
                f"{docid!r} for {annotation.id!r}, which has {past - first}: correct it, or "
                "download the data set again."
            )
        cut = first + end if limit is None else min(first + end, limit)
        if first + start < cut:
            spans.append((first + start, cut))
    return spans


def _full_width(name: str, array: np.ndarray, n_words: np.ndarray) -> np.ndarray:
    """Pad a boolean array to the longest text, and check that it is False past each end."""
    width = max(int(n_words.max()), array.shape[1])
    full = np.zeros((len(array), width), dtype=bool)
    full[:, : array.shape[1]] = array
    past = (full & (np.arange(width) >= n_words[:, None])).any(axis=1)
    if past.any():
        row = int(past.argmax())
        raise ValueError(
            f"{name}[{row}] exceeds its text, which has {n_words[row]} words: give the {name} that "
            "a model with tokenizer=WhitespaceTokenizer() returns for these texts."
        )
    return full


def _checked_probabilities(
    fields: dict[str, Any], classes: Any, n_samples: int
) -> dict[str, np.ndarray]:
    arrays = {
        name: np.asarray(array, dtype=float) for name, array in fields.items() if array is not None
    }
    if not arrays:
        return {}
    if classes is None:
        raise ValueError(
            "classes=None with probabilities: give the label of each column, classes_ of the model."
        )
    if "classification_scores" not in arrays:
        raise ValueError(
            "probabilities=None with other probabilities: give those from all words too, with "
            "which the scorer compares them."
        )
    for array in arrays.values():
        if array.shape != (n_samples, len(classes)):
            raise ValueError(
                f"probabilities of shape {array.shape}: give ({n_samples}, {len(classes)}), a row "
                "for each text and a column for each of classes."
            )
    return arrays


def _filled_scores(scores: np.ndarray, n_words: int) -> np.ndarray:
    known = scores[~np.isnan(scores)]
    full = np.full(n_words, known.min(initial=0.0))
    full[: len(known)] = known
    return full


def _rationales(
    docids: Sequence[str], lengths: Sequence[int], mask: np.ndarray, scores: np.ndarray | None
) -> list[dict[str, Any]]:
    rationales = []
    for docid, (first, past) in zip(docids, pairwise([0, *accumulate(lengths)]), strict=True):
        rationale: dict[str, Any] = {
            "docid": docid,
            "hard_rationale_predictions": [
                {"start_token": start, "end_token": end} for start, end in runs(mask[first:past])
            ],
        }
        if scores is not None:
            rationale["soft_rationale_predictions"] = scores[first:past].tolist()
        rationales.append(rationale)
    return rationales

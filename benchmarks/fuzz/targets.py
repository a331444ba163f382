"""What is tried with bytes that mean nothing: each target takes some and raises if it must not.

A target may end in the errors that its documentation names. Anything else is a finding.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import tempfile
import warnings
from functools import cache
from pathlib import Path

import numpy as np

from sklearn_irx import Rationale, SelectiveRationaleClassifier, load, save
from sklearn_irx.cli.errors import CommandError
from sklearn_irx.cli.files import FORMATS, read_table, texts_of, write_table
from sklearn_irx.components import CNN, Predictor, Training
from sklearn_irx.datasets import read_doccano, read_label_studio
from sklearn_irx.inspection import to_html, to_rich
from sklearn_irx.nn.config import CONFIGURATION, TOKENIZER
from sklearn_irx.text import (
    Documents,
    TokenizedTexts,
    Vocabulary,
    WhitespaceTokenizer,
    WordTokenizer,
    WordVectors,
    normalize_word,
)

_KEPT = Path(__file__).parents[2] / "tests" / "data" / "models"
_TOKENIZERS = (WordTokenizer(), WhitespaceTokenizer())


@cache
def folder() -> Path:
    """Give a folder for this process."""
    return Path(tempfile.mkdtemp(prefix="fuzz-"))


def text_of(data: bytes) -> str:
    """Give any text at all: what is not UTF-8 becomes halves of characters."""
    return data.decode("utf-8", "surrogateescape")


def tokenizers(data: bytes) -> None:
    """Split a text: offsets are in range, and the words are those that stand there."""
    limit, text = data[0] if data else 0, text_of(data[1:])
    for tokenizer in _TOKENIZERS:
        tokens = tokenizer(text)
        position = 0
        for word, start, end in tokens:
            assert position <= start < end <= len(text)
            assert normalize_word(text[start:end]) == word
            position = end
        assert tokenizer.words(text, limit) == [word for word, _, _ in tokens][:limit]
        assert tokenizer.spans(text, limit) == [(start, end) for _, start, end in tokens][:limit]


def tokenized_texts(data: bytes) -> None:
    """Number the words of several texts, and look them up in a vocabulary of some."""
    texts = text_of(data).split("\0")
    for tokenizer in _TOKENIZERS:
        tokenized = TokenizedTexts.from_texts(texts, tokenizer, 20, spans=True)
        lists = [tokenizer.words(text, 20) for text in texts]
        assert tokenized.word_lists() == lists
        vocabulary = Vocabulary.from_tokenized(tokenized, min_df=2)
        documents = Documents.from_tokenized(tokenized, vocabulary)
        ids = documents.padded(np.arange(len(texts)))
        assert ids.max() < len(vocabulary)
        for row, words in zip(ids, lists, strict=True):
            assert [vocabulary.words[i - 2] if i > 1 else None for i in row[: len(words)]] == [
                word if word in vocabulary else None for word in words
            ]


def word_vectors(data: bytes) -> None:
    """Read a file of any bytes, in each format."""
    kinds = (".txt", ".bin", ".txt.gz", ".txt.xz")
    kind = kinds[data[0] % len(kinds)] if data else ".txt"
    path = folder() / f"vectors{kind}"
    content = data[1:]
    if kind == ".txt.gz" and len(data) % 2:  # half of them are whole as far as gzip can tell
        content = gzip.compress(content)
    path.write_bytes(content)
    try:
        vectors = WordVectors.load(path)
    except ValueError as error:
        assert f"embeddings={str(path)!r}" in str(error)  # noqa: PT017
    else:
        assert vectors.vectors.shape == (len(set(vectors.words)), vectors.size)
        assert np.isfinite(vectors.vectors).all()


def rationales(data: bytes) -> None:
    """Show a text with some words selected: it can be written, and brings no markup along."""
    from rich.console import Console

    seed, text = data[0] if data else 0, text_of(data[1:])
    tokens = WordTokenizer()(text)
    rationale = Rationale(
        text,
        [token.text for token in tokens],
        [(token.start, token.end) for token in tokens],
        np.random.RandomState(seed).random_sample(len(tokens)) < 0.5,
        label=text[:9],
        confidence=seed / 255,
    )
    assert "".join(piece for piece, _ in rationale.segments()) == text
    html = rationale.to_html()
    assert not set(html.replace("<mark>", "").replace("</mark>", "")) & set("<>\"'")
    page = to_html([rationale], y_true=[text[-9:]], names=[text], title=text)
    assert "<script" not in page.lower()
    console = Console(file=io.StringIO(), force_terminal=False)
    console.print(to_rich(rationale, y_true="x"))
    for shown in (str(rationale), html, rationale._repr_html_(), page, console.file.getvalue()):
        shown.encode()
        assert not set(shown) & set("\x1b\a\0\u202e")


def tables(data: bytes) -> None:
    """Read a table of any bytes; what can be read can be written in each format."""
    suffix = FORMATS[data[0] % len(FORMATS)] if data else ".csv"
    path = folder() / f"table{suffix}"
    path.write_bytes(data[1:])
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = read_table(path)
            column = table.columns[0]
            texts = texts_of(table, column, path)
            assert len(texts) == len(table)
            for out in FORMATS:
                write_table(table, folder() / f"out{out}")
    except CommandError as error:
        assert str(error)  # noqa: PT017


def annotations(data: bytes) -> None:
    """Read a file of an annotation tool of any bytes: spans are in their texts."""
    read = (read_label_studio, read_doccano)[data[0] % 2] if data else read_doccano
    path = folder() / "annotated"
    path.write_bytes(data[1:])
    try:
        found = read(path)
    except ValueError as error:
        assert f"path={str(path)!r}" in str(error)  # noqa: PT017
    else:
        for text, spans in zip(found.texts, found.spans, strict=True):
            assert all(0 <= start < end <= len(text) for start, end in spans or [])
        found.rationales()


def model_folder(data: bytes) -> None:
    """Load a saved model of which some bytes were changed, cut off or added."""
    target = folder() / "model"
    for name, content in _changed(_saved_model(), data).items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)
    with contextlib.suppress(ValueError, OSError):
        load(target).predict_proba(["a room with ants"])


def transformer(data: bytes) -> None:
    """Load a model of which the transformer's configuration or tokenizer was changed."""
    model = _transformer_model()
    config, arrays = model.__getstate__()["_module"]
    parts = {name: arrays[name].tobytes() for name in (CONFIGURATION, TOKENIZER)}
    changed = {
        name: np.frombuffer(content, dtype=np.uint8)
        for name, content in _changed(parts, data).items()
    }
    state = {**model.__getstate__(), "_module": (config, {**arrays, **changed})}
    loaded = SelectiveRationaleClassifier()
    with contextlib.suppress(ValueError):
        loaded.__setstate__(state)
        loaded.predict_proba(["a room with ants", "\U0001f600 9!"])


def _changed(kept: dict[str, bytes], data: bytes) -> dict[str, bytes]:
    """Change the bytes of some contents as `data` says."""
    names = sorted(kept)
    changed = dict(kept)
    while len(data) >= 5:
        (which, how, high, low, value), data = data[:5], data[5:]
        name = names[which % len(names)]
        content = bytearray(changed[name])
        place = (high << 8 | low) * (len(content) + 1) // 2**16
        if how % 5 == 0:
            del content[place:]
        elif how % 5 == 1:
            content[place:place] = data[:value]
        elif how % 5 == 2:
            del content[place : place + value]
        elif content:
            # Most often near the beginning, where a file says what it is.
            content[place % min(len(content), 4096 if how % 5 == 3 else len(content))] = value
        changed[name] = bytes(content)
    return changed


@cache
def _saved_model() -> dict[str, bytes]:
    """Save a tiny model, and give the bytes of its files by name."""
    vectors = WordVectors(["room", "ants"], np.array([[1.0, 0.0], [0.0, 1.0]]))
    clf = SelectiveRationaleClassifier(
        embeddings=vectors, encoder=CNN(filter_sizes=(3,), n_filters=2),
        predictor=Predictor(hidden_size=2), training=Training(max_epochs=1), max_length=10,
        random_state=0, n_threads=1,
    )  # fmt: skip
    clf.fit(["a room", "ants", "good room", "many ants"] * 3, [0, 1] * 6)
    where = folder() / "saved"
    save(clf, where)
    files = [path for path in where.rglob("*") if path.is_file()]
    return {str(path.relative_to(where)): path.read_bytes() for path in files}


@cache
def _transformer_model() -> SelectiveRationaleClassifier:
    """Read the model on a tiny transformer that is kept for the tests."""
    model: SelectiveRationaleClassifier = load(_KEPT / "transformer-5")
    return model


TARGETS = {
    target.__name__: target
    for target in (
        tokenizers, tokenized_texts, word_vectors, rationales, tables, annotations, model_folder,
        transformer,
    )
}  # fmt: skip

SEEDS: dict[str, list[bytes]] = {
    "tokenizers": [b"\5It's fine.", "\3İΣ ΑΣ’ ß “q” \u202e漢字".encode(), b"\2\xff\xfe a"],
    "tokenized_texts": [b"a b\0b c\0\0a", "é’ é\0É".encode()],
    "word_vectors": [
        b"\0good 1 2\nbad 3 4\n", b"\0002 2\ngood 1 2\nbad 3 4\n", b"\0011 1\ngood 1234",
        b"\2good 1 2\nbad 3 4\n",
    ],
    "rationales": [b"\7<b>good</b> & \x1b[31m bad", "\7\u202eabc\r\n' \"".encode()],
    "tables": [
        b'\0text,label\n"a, b",c\n', b'\1{"text": "a", "label": 1}\n{"text": "\\ud800"}\n',
        b"\2PAR1PAR1",
    ],
    "annotations": [
        b'\0[{"id": 1, "data": {"text": "Loud."}, "annotations": [{"result": [{"type": "labels", '
        b'"value": {"start": 0, "end": 4, "text": "Loud", "labels": ["x"]}}]}]}]',
        b'\1{"text": "Loud.", "label": [[0, 4, "x"]]}\n',
        b'\1{"text": "\\ud83d\\udc4d", "entities": [{"start_offset": 0, "end_offset": 2, '
        b'"label": ""}]}',
    ],
    "model_folder": [b"\0\3\0\0\0", b"\1\4\xff\xff\1\0\0\0\0\0"],
    "transformer": [b"\0\3\0\x30\x39", b"\1\4\x80\0\x39", b"\1\0\x80\0\0"],
}  # fmt: skip

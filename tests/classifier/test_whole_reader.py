"""Class-conditional selection by what a transformer makes of words that the linear path lacks."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from sklearn_irx import SelectiveRationaleClassifier, load, save
from sklearn_irx.components import LinearInit, Training, Transformer
from tests.transformers_made import make_transformer

N_WORDS, WINDOW = 30, 12


def texts_with_signs(letters, n, seed):
    """Texts of single letters, labels, and the place of the only thing that tells: three signs."""
    draw = np.random.RandomState(seed)
    y = draw.randint(2, size=n)
    places = draw.randint(2, N_WORDS - 2, size=n)
    texts = []
    for label, place in zip(y, places, strict=True):
        words = draw.choice(list(letters), N_WORDS)
        signs = "!!!" if label else "???"
        texts.append(
            " ".join(
                word + (signs if abs(number - place) <= 1 else "")
                for number, word in enumerate(words)
            )
        )
    return texts, y, places


def of_texts(clf, texts):
    documents = clf.look_up(texts)
    arrays = documents.batch(np.arange(len(texts)))
    return clf._module.look_up(**{name: torch.from_numpy(a) for name, a in arrays.items()})


@pytest.fixture(scope="module")
def clf(tmp_path_factory):
    """A model whose reader has learned to tell the signs, on a transformer that has not."""
    texts, y, _ = texts_with_signs("abcdefghijklmnop", 400, 0)
    clf = SelectiveRationaleClassifier(
        encoder=Transformer(
            make_transformer(tmp_path_factory.mktemp("tiny")), window=WINDOW, learning_rate=1e-6
        ),
        initialization=LinearInit(class_focus=1, bigrams=False, smoothing=2),
        training=Training(max_epochs=1, learning_rate=1e-6),
        rationale_length=4, sampler="top_k", n_threads=1, random_state=0,
    ).fit(texts, y)  # fmt: skip
    selector = clf._module.selector
    with torch.no_grad():
        means = selector.features(of_texts(clf, texts)[0]).mean(dim=1).numpy()
        logistic = LogisticRegression(C=1e4, max_iter=10_000).fit(means, y)
        halves = np.array([[-0.5], [0.5]])
        selector.whole.weight.copy_(torch.tensor(halves * logistic.coef_))
        selector.whole.bias.copy_(torch.tensor(halves[:, 0] * logistic.intercept_))
    return clf


@pytest.fixture
def unseen():
    """Texts of letters that no training text has: the linear path knows none of their words."""
    return texts_with_signs("qrstuvwxyz", 100, 1)


def share_near(masks, places):
    """Return the share of selected words that a window may hold together with the signs."""
    apart = np.abs(np.arange(N_WORDS) - places[:, None])
    return masks[:, :N_WORDS][apart <= WINDOW // 2].sum() / masks.sum()


def test_words_are_selected_that_context_tells_and_no_word_does(clf, unseen):
    texts, _, places = unseen
    near = share_near(clf.transform(texts), places)
    # The selector's own weights have been trained for one epoch, and lean to the signs, too.
    selector = clf._module.selector
    weights = selector.whole.weight, selector.output.weight
    learned = [weight.detach().clone() for weight in weights]
    with torch.no_grad():
        for weight in weights:
            weight.zero_()
        alone = share_near(clf.transform(texts), places)
        for weight, value in zip(weights, learned, strict=True):
            weight.copy_(value)
    assert near > 0.6
    assert alone < 0.45  # 13 of 30 words are that near


def test_so_are_the_words_for_a_given_class(clf, unseen):
    texts, y, places = unseen
    documents = clf.explain(texts, target="all")
    own = np.array([
        next(one.mask for one in document if one.target == label)
        for document, label in zip(documents, y, strict=True)
    ])  # fmt: skip
    other = np.array([
        next(one.mask for one in document if one.target != label)
        for document, label in zip(documents, y, strict=True)
    ])  # fmt: skip
    assert share_near(own, places) > 0.65
    assert share_near(other, places) < 0.35


def test_the_reader_learns_nothing_from_the_selection(clf, unseen):
    module = clf._module
    batch, rows = of_texts(clf, unseen[0])
    module.zero_grad()
    module.train()
    try:
        selection, *_ = module.select(batch, rows)
        apart = torch.linspace(-1, 1, selection.mask.numel()).view_as(selection.mask)
        (apart * selection.mask).sum().backward()
        assert module.selector.prior.gain.grad.abs() > 0
        assert module.selector.whole.weight.grad is None
        assert module.selector.whole.bias.grad is None
    finally:
        module.zero_grad()
        module.eval()


def test_a_model_of_a_former_version_is_warned_of(clf, tmp_path):
    save(clf, tmp_path / "model")
    file = tmp_path / "model" / "model.json"
    text = file.read_text()
    assert '"format_version": 7' in text
    file.write_text(text.replace('"format_version": 7', '"format_version": 5'))
    with pytest.warns(UserWarning, match="context did not tell which words support a class"):
        load(tmp_path / "model")

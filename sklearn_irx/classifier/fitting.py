"""The steps of `fit`, as functions: input, data, network and training loop."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.utils import compute_class_weight

from sklearn_irx._stages import stage
from sklearn_irx._validation import (
    check_class_weight,
    check_labels,
    check_sample_weight,
    check_texts,
    check_validation_data,
    check_vocabulary,
    hold_out,
)
from sklearn_irx.classifier.data import (
    DataPart,
    LabelledTexts,
    TrainingData,
    collect_words,
    keep_frozen_states,
    linear_weights,
    make_memory,
    no_vectors,
    tokenize,
    with_mean_1,
    word_vectors,
)
from sklearn_irx.classifier.selection import (
    SelectionAsked,
    check_selection,
    initial_selection,
    make_penalties,
    smoothed_for,
    with_number,
)
from sklearn_irx.classifier.trained import check_further_training
from sklearn_irx.components import REGISTRIES, Objective, Training
from sklearn_irx.nn.config import CORRECTION, NetworkConfig, NetworkShape, Source
from sklearn_irx.nn.devices import check_device
from sklearn_irx.nn.linear import LinearWeights
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.agreement import AGREEMENT
from sklearn_irx.nn.training.batches import LabelledDocuments
from sklearn_irx.nn.training.callbacks import BestWeights, Curriculum, Progress, Stop
from sklearn_irx.nn.training.checkpoint import Checkpoint, checkpoint_path
from sklearn_irx.nn.training.net import RationaleNet
from sklearn_irx.text import PieceTokenizer, TokenizedTexts, Vocabulary, load_embeddings
from sklearn_irx.text.annotations import Annotations, check_rationales
from sklearn_irx.text.tokenizer import make_tokenizer

HISTORY = (
    "epoch", "train_loss", "train_accuracy", "train_words", "train_share", "train_transitions",
    "train_empty", "valid_loss", "valid_accuracy", "valid_words", "valid_share",
    "valid_transitions", "valid_empty", "lambda1", "lambda2", "learning_rate", "best", "dur",
)  # fmt: skip
AGREEMENT_HISTORY = tuple(f"valid_{name}" for name in AGREEMENT)
_NOT_IN_DIGEST = frozenset(
    {
        # They determine the documents and initial weights, which are in the digest.
        "class_weight", "embeddings", "max_length", "max_unseen_words", "min_df", "random_state",
        "tokenizer", "vocabulary",
        # The weights do not depend on them.
        "calibration", "device", "memory", "n_threads", "training__callbacks",
        "training__checkpoint_dir", "verbose", "warm_start",
    }
)  # fmt: skip


class TrainingInput(NamedTuple):
    """The checked input of a training.

    `config` determines the network, `objective` and `settings` its training. `texts` are those of
    weight above 0; `weights` is None if all are the same, and `rationales` if nobody marked words.
    """

    config: NetworkConfig
    objective: Objective
    settings: Training
    device: str
    tokenizer: Any
    texts: list[str] | TokenizedTexts
    labels: np.ndarray
    weights: np.ndarray | None
    rationales: Annotations | None


def check_input(
    clf: Any, X: Any, y: Any, sample_weight: Any = None, rationales: Any = None
) -> TrainingInput:
    """Check documents, labels, weights, rationales, and all parameters of a classifier."""
    asked = SelectionAsked.of(clf)
    parts = {name: registry.find(getattr(clf, name)) for name, registry in REGISTRIES.items()}
    parts["sampler"] = asked.sampler
    parts["initialization"] = smoothed_for(asked.style, parts["initialization"])
    for part in parts.values():
        part.check()
    parts = parts["objective"].adapted(parts)
    settings = parts["training"]  # no copy, so that a user finds what callbacks recorded
    settings.check_checkpoint_dir(clf.random_state)
    # The network keeps neither callbacks, which refer to the loop, nor a path of this machine.
    kept = {**settings.get_params(deep=False), "callbacks": None, "checkpoint_dir": None}
    parts["training"] = type(settings)(**kept)
    objective = clone(parts.pop("objective"))
    config = NetworkConfig(
        **{name: clone(part) for name, part in parts.items()},
        rationale_length=asked.rationale_length,
        max_rationale_length=clf.max_rationale_length,
    )
    check_selection(config, clf.free_length)
    objective.check_network(config)
    check_vocabulary(clf.vocabulary)
    n_words = settings.n_words(clf.max_length)
    device, tokenizer = check_device(clf.device), make_tokenizer(clf.tokenizer)
    if isinstance(X, TokenizedTexts):
        X.check_made_by(tokenizer, n_words)
    texts = X if isinstance(X, TokenizedTexts) else check_texts(X)
    labels, weights = check_labels(y, len(texts)), None
    if not len(texts):
        raise ValueError("X holds no documents: give at least two, of different classes.")
    rationales = check_rationales(rationales, len(texts))
    if sample_weight is not None:
        weights = check_sample_weight(sample_weight, len(texts))
        rows = np.flatnonzero(weights)
        if len(rows) < len(weights):
            labels, weights = labels[rows], weights[rows]
            rationales = None if rationales is None else rationales.take(rows)
            if isinstance(texts, TokenizedTexts):
                texts = texts.take(rows)
            else:
                texts = [texts[row] for row in rows]
    return TrainingInput(
        config, objective, settings, device, tokenizer=tokenizer, texts=texts, labels=labels,
        weights=weights, rationales=rationales,
    )  # fmt: skip


def check_validation(
    validation_data: Any, classes: np.ndarray
) -> tuple[list[str], np.ndarray, Annotations | None] | None:
    """Return texts, class numbers and rationales of the validation documents, if there are any."""
    if validation_data is None:
        return None
    texts, y = check_validation_data(validation_data, classes)
    rationales = validation_data[2] if len(validation_data) == 3 else None
    return texts, y, check_rationales(rationales, len(texts), "validation_data[2]")


def find_classes(clf: Any, given: TrainingInput) -> np.ndarray:
    """Return the labels that `fit` learns, or raise ValueError."""
    classes = np.unique(given.labels)
    if len(classes) == 1:
        raise ValueError(f"y holds one class only, {classes[0]!r}: give at least two classes.")
    check_class_weight(clf.class_weight, classes)
    return classes


def later_documents(clf: Any, given: TrainingInput) -> tuple[LabelledDocuments, np.ndarray]:
    """Return what a later call of `partial_fit` trains on, and the weights of the classes."""
    classes = clf.classes_
    texts = tokenize(given.texts, clf._tokenizer, clf._max_length, spans=clf.needs_offsets)
    documents = clf.look_up(texts.cut(clf._max_length))
    y = np.searchsorted(classes, given.labels)
    class_weights = compute_class_weight(clf.class_weight, classes=classes, y=classes)
    marks = None
    if given.rationales is not None:
        marks = given.rationales.marks(documents.lengths, clf._max_length)
    weights = with_mean_1(given.weights)
    return LabelledDocuments(documents, y, weights=weights, marks=marks), class_weights


class Preparation(NamedTuple):
    """Everything that training starts with.

    `class_weights` (n_classes,) are those in the cross-entropy, `vectors` those of the known and of
    the unseen words, `source` what a transformer is made of.
    """

    data: TrainingData
    class_weights: np.ndarray
    linear: LinearWeights | None
    vectors: tuple[np.ndarray, np.ndarray]
    source: Source | None = None


def prepare(
    clf: Any,
    given: TrainingInput,
    classes: np.ndarray,
    *,
    validation_data: tuple[list[str], np.ndarray, Annotations | None] | None,
    warm: bool,
    random_state: np.random.RandomState,
    seed: int,
    compares: bool,
) -> Preparation:
    """Tokenize, hold out, number the words, and fit initialization and word vectors.

    Without `validation_data` (texts, class numbers, rationales), some documents are held out,
    unless every class has a single one. With `warm`, vocabulary and word vectors are those of the
    fitted `clf`. `random_state` draws held-out documents and folds; `seed` is that of Word2Vec.
    `compares` says whether epochs will be compared.
    """
    settings, memory = given.settings, make_memory(clf.memory)
    encoder, style = given.config.encoder, given.config.style
    needs_vectors, source, pieces = encoder.needs_vectors, None, None
    if encoder.reads_pieces:
        source = clf._module.shape.source if warm else encoder.source()
        pieces = PieceTokenizer(source.tokenizer)
    spans = given.config.needs_offsets
    sources = [] if warm or not needs_vectors else load_embeddings(clf.embeddings)
    n_words = settings.n_words(clf.max_length)
    y = np.searchsorted(classes, given.labels)
    with stage("words", shown=clf.verbose, total=len(given.texts), unit="text"):
        texts = tokenize(given.texts, given.tokenizer, n_words, memory=memory, spans=spans)
    training = LabelledTexts(texts, y, given.weights, given.rationales)
    if validation_data is None:
        kept, held_out = hold_out(y, settings.validation_fraction, random_state)
        if len(held_out):
            training, validation = training.take(kept), training.take(held_out)
        else:
            validation = training
            warnings.warn(
                "no class of y has a second document to hold out, so what is chosen on held-out "
                "documents (epochs, smoothing, calibration) is chosen on those learned from: give "
                "more documents, or validation_data.",
                UserWarning,
                stacklevel=4,
            )
    else:
        some, y_some, of_people = validation_data
        tokenized = tokenize(some, given.tokenizer, n_words, memory=memory, spans=spans)
        validation = LabelledTexts(tokenized, y_some, rationales=of_people)
    vocabulary: Vocabulary = clf.vocabulary_ if warm else collect_words(
        training.texts, check_vocabulary(clf.vocabulary), min_df=clf.min_df, sources=sources,
        max_unseen_words=clf.max_unseen_words,
    )  # fmt: skip
    part = DataPart.of(training, vocabulary, clf.max_length, style, pieces)
    shared = validation is training
    data = TrainingData(
        training.texts,
        vocabulary,
        training=part,
        validation=part
        if shared
        else DataPart.of(validation, vocabulary, clf.max_length, style, pieces),
        held_out=validation_data is None and not shared,
    )
    if compares:
        settings.check_comparison(data.validation.marks)
    class_weights = data.class_weights(clf.class_weight, classes)
    if clf.random_state is None:
        memory = None  # the following results differ each time
    with stage("initialization", shown=clf.verbose, unit="fit"):
        linear = linear_weights(
            given.config.initialization, data, class_weights=class_weights,
            random_state=random_state, memory=memory,
        )  # fmt: skip
    if warm:
        vectors = clf._module.vectors
    elif needs_vectors:
        with stage("word vectors", shown=clf.verbose, unit="epoch"):
            vectors = word_vectors(sources, data, seed=seed, memory=memory)
    else:
        vectors = no_vectors(data)
    return Preparation(data, class_weights, linear=linear, vectors=vectors, source=source)


def build_network(
    config: NetworkConfig, start: Preparation, former: Rationalizer | None = None
) -> Rationalizer:
    """Build the network and initialize it, with what another one has learned if it is given."""
    known, unseen = start.vectors
    bigrams = None if start.linear is None else start.linear.bigrams
    shape = NetworkShape(
        n_words=len(known),
        n_unseen=len(unseen),
        vector_size=known.shape[1],
        n_classes=len(start.class_weights),
        n_bigrams=0 if bigrams is None else len(bigrams.bigrams),
        unseen_type=unseen.dtype.name,
        source=start.source,
        corrects_selection=_corrects_selection(config, start.data.training.marks, former),
    )
    documents = start.data.training.documents
    lengths = config.style.lengths(documents)
    config = with_number(config, lengths)
    module = Rationalizer(config, shape)
    module.initialize(
        known,
        unseen,
        initial_selection=initial_selection(config, lengths),
        linear=start.linear,
        documents=documents,
        pretrained=former is None,
    )
    if former is not None:
        module.load_trained_from(former)
    return module


def _corrects_selection(
    config: NetworkConfig, marks: np.ndarray | None, former: Rationalizer | None
) -> bool:
    """Return whether a selector without an encoder learns from people, or one before it did."""
    if former is not None and former.shape.corrects_selection:
        return True
    learns = marks is not None and config.training.rationale_weight > 0
    return learns and not config.encoder.has_context


def with_correction(
    module: Rationalizer, config: NetworkConfig, marks: np.ndarray | None
) -> Rationalizer:
    """Return a network that can learn from `marks`: itself, or a copy if nothing in it could."""
    shape = module.shape
    if shape.corrects_selection or not _corrects_selection(config, marks, None):
        return module
    zeros = np.zeros((shape.n_words, 1), dtype=np.float32)
    arrays = {**module.to_arrays(), CORRECTION: zeros}
    return Rationalizer.from_arrays(module.config, arrays)


def check_warm_start(clf: Any, config: NetworkConfig, classes: np.ndarray) -> None:
    """Raise ValueError if training cannot go on with the network of a fitted classifier.

    It cannot with other classes, nor if a parameter asks for another network.
    """
    if not np.array_equal(classes, clf.classes_):
        raise ValueError(
            f"y has the classes {classes.tolist()}, and warm_start=True goes on with a model "
            f"of {clf.classes_.tolist()}: give documents of these, or warm_start=False."
        )
    for name in REGISTRIES.keys() - {"objective", "training"}:
        wanted, found = getattr(config, name), getattr(clf._module.config, name)
        given = getattr(clf, name)
        given = wanted if given == "auto" or name == "predictor" else given
        if name == "sampler":  # which has no trained weights, but decides how many scores there are
            same = wanted.module.directions == found.module.directions
        else:
            same = type(wanted) is type(found)
        if not same or wanted.shaping_params() != found.shaping_params():
            raise ValueError(
                f"{name}={given!r}, and warm_start=True goes on with a network of {found!r}: keep "
                f"{name}, or give warm_start=False."
            )


def check_partial_fit(clf: Any, config: NetworkConfig) -> None:
    """Raise ValueError if a parameter rules `partial_fit` out, for good or after earlier calls."""
    for name, value in (("calibration", "temperature"), ("class_weight", "balanced")):
        if getattr(clf, name) == value:
            raise ValueError(
                f"{name}={value!r} needs all documents at once, which partial_fit never has: "
                f"set {name}=None, or use fit."
            )
    check_further_training(clf)
    if hasattr(clf, "_module"):
        wanted, found = config.predictor, clf._module.config.predictor
        if wanted.shaping_params() != found.shaping_params():
            raise ValueError(
                f"objective={clf.objective!r} was set after training, and stands for {wanted!r}, "
                f"where partial_fit goes on with a network of {found!r}: set it back, or use fit."
            )


def make_net(
    clf: Any,
    module: Rationalizer,
    *,
    given: TrainingInput,
    training: LabelledDocuments,
    validation: LabelledDocuments | None,
    class_weights: np.ndarray,
    random_state: np.random.RandomState,
) -> RationaleNet:
    """Build the skorch net that trains `module`, with all its callbacks, ready to train.

    Without `validation` documents, as in `partial_fit`, no epochs are compared.
    """
    settings, lengths = given.settings, given.config.style.lengths(training.documents)
    config = with_number(given.config, lengths)
    from_scratch = config.initialization.from_scratch
    resumes = hasattr(clf, "_module") and (clf.warm_start or validation is None)
    warmup, ramp = settings.curriculum(
        from_scratch=from_scratch and not resumes, of_pieces=config.encoder.reads_pieces
    )
    max_epochs = settings.n_epochs(len(training), config)
    callbacks: list[Any] = [] if validation is None and resumes else [Curriculum(warmup, ramp)]
    best = BestWeights(
        settings.patience, first_epoch=warmup + ramp + 1, by=settings.compare_epochs_by
    )
    if validation is not None:
        callbacks.append(best)
    callbacks.extend([*given.objective.callbacks(), *(settings.callbacks or [])])
    if validation is not None and settings.checkpoint_dir is not None:
        params = _influential_params(clf, {**vars(config), "objective": given.objective})
        path = checkpoint_path(
            settings.checkpoint_dir,
            module,
            training=training,
            validation=validation,
            random_state=random_state,
            settings=[params, warmup, ramp, max_epochs, class_weights],
        )
        callbacks.append(Checkpoint(path, best, random_state))
    if validation is not None and settings.n_iter_no_change is not None:
        callbacks.append(Stop(settings.n_iter_no_change, best.first_epoch))
    if clf.verbose:
        target = f"rationale_length={config.rationale_length!r}"
        if config.rationale_length is None:
            target = f"lambda1={clf.lambda1:g}"
        callbacks.append(Progress(max_epochs, f"training, {target}"))
    net = settings.build(
        module,
        validation,
        penalties=make_penalties(
            config,
            lambda1=clf.lambda1,
            free_length=clf.free_length,
            lambda2=clf.lambda2,
            max_transitions=SelectionAsked.of(clf).limit_of_transitions(lengths),
            n_classes=len(class_weights),
        ),
        objective=given.objective.build(module),
        class_weights=class_weights,
        callbacks=callbacks,
        max_epochs=max_epochs,
        random_state=random_state,
        device=given.device,
    )
    with stage("setting up", shown=clf.verbose):  # some seconds for the first of a process
        net.initialize()
    if validation is not None:
        _keep_frozen(clf, module, training, validation)
    return net


def _keep_frozen(clf: Any, module: Rationalizer, *parts: LabelledDocuments) -> None:
    """Let the frozen layers of a transformer, if there are any, read all documents once."""
    if any(one.has_frozen_layers for one in module.transformers):
        total = sum(len(part) for part in parts)
        with stage("frozen layers", shown=clf.verbose, total=total, unit="text"):
            memory = None if clf.random_state is None else make_memory(clf.memory)
            keep_frozen_states(module, parts, memory=memory)


def history_of(net: RationaleNet) -> dict[str, np.ndarray]:
    """Return the history of training as columns."""
    agreement = [name for name in AGREEMENT_HISTORY if any(name in row for row in net.history)]
    return {
        "seconds" if name == "dur" else name: np.array(
            [row.get(name, np.nan) for row in net.history]
        )
        for name in (*HISTORY, *agreement)
    }


def _influential_params(clf: Any, parts: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that weights depend on, other than through documents and start.

    `parts` are those in use, by the parameter that each stands for.
    """
    params = clf.get_params(deep=False)
    for name in REGISTRIES:
        part = parts[name]
        params[name] = type(part).__qualname__
        params |= {f"{name}__{key}": value for key, value in part.get_params().items()}
    return {name: value for name, value in params.items() if name not in _NOT_IN_DIGEST}

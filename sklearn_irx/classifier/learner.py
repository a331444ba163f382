"""How a rationale model learns: at once, further, or piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils import check_random_state, compute_class_weight

from sklearn_irx._compat import fit_context
from sklearn_irx._validation import (
    check_checkpoint_dir,
    check_classes,
    check_filter_sizes,
    check_labels,
    check_sample_weight,
    check_texts,
    check_training_length,
    check_validation_data,
    check_vocabulary,
)
from sklearn_irx.classifier.calibration import fit_temperature
from sklearn_irx.classifier.data import (
    TrainingData,
    all_labelled,
    collect_words,
    labelled,
    linear_start,
    make_memory,
    make_tokenizer,
    of_mean_1,
    prepare,
    split,
    tokenize,
    word_vectors,
)
from sklearn_irx.classifier.reader import RationaleReader
from sklearn_irx.classifier.selection import (
    check_focus,
    check_selection,
    first_selection,
    make_prices,
)
from sklearn_irx.nn.isolation import isolated
from sklearn_irx.nn.linear import LinearStart
from sklearn_irx.nn.model import Rationalizer
from sklearn_irx.nn.training.batches import LabelledDocuments
from sklearn_irx.nn.training.callbacks import BestWeights, Curriculum, Progress, Stop
from sklearn_irx.nn.training.checkpoint import Checkpoint, checkpoint_path
from sklearn_irx.nn.training.loop import check_device, make_net, read, train
from sklearn_irx.nn.training.net import RationaleNet
from sklearn_irx.text import Documents, TokenizedTexts, Vocabulary, load_embeddings

_HISTORY = (
    "epoch", "train_loss", "train_accuracy", "train_words", "train_borders", "train_empty",
    "valid_loss", "valid_accuracy", "valid_words", "valid_borders", "valid_empty", "lambda1",
    "lambda2", "learning_rate", "best", "dur",
)  # fmt: skip
_SHAPING = (
    "sampler", "encoder", "n_filters", "rnn_cell", "rnn_size", "hidden_size", "share_embeddings",
    "share_encoder", "predictor_input", "class_focus",
)  # fmt: skip
"""Parameters of the network that a network to go on with must have."""
_OTHERS_OF_THE_NETWORK = (
    "sampler_params", "temperature", "temperature_decay", "rationale_length",
    "max_rationale_length", "dropout", "word_dropout", "precision",
)  # fmt: skip
_OF_TRAINING = (
    "learning_rate", "predictor_learning_rate", "weight_decay", "batch_size", "patience",
    "warmup_epochs", "ramp_epochs", "n_iter_no_change",
)  # fmt: skip


class RationaleLearner(RationaleReader):
    """Base of the classifier: `fit` and `partial_fit`, of parameters that a subclass documents."""

    sampler: str
    sampler_params: dict[str, Any] | None
    rationale_length: float | None
    max_rationale_length: float | None
    lambda1: float
    free_length: float | None
    lambda2: float
    max_transitions: float | None
    linear_start: str | None
    class_focus: float
    focus_bigrams: bool
    embeddings: Any
    vocabulary: Sequence[str] | None
    max_unseen_words: int | None
    tokenizer: Callable[[str], Any] | None
    max_length: int
    training_length: int | None
    min_df: int
    filter_sizes: Sequence[int]
    predictor_input: str
    initial_selection: float | str
    learning_rate: float
    predictor_learning_rate: float | str | None
    weight_decay: float
    batch_size: int
    max_epochs: int | str
    patience: int
    n_iter_no_change: int | None
    warmup_epochs: int | str
    ramp_epochs: int | str
    validation_fraction: float
    calibration: str | None
    class_weight: dict[Any, float] | str | None
    callbacks: list[Any] | None
    warm_start: bool
    checkpoint_dir: Any
    device: str
    memory: Any
    random_state: int | np.random.RandomState | None
    verbose: int
    history_: dict[str, np.ndarray]
    n_training_documents_: int
    n_validation_documents_: int
    _net: RationaleNet | None = None  # what goes on with further pieces, optimizer and all

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        validation_data: tuple[Any, Any] | None = None,
    ) -> Self:
        """Train selector and predictor.

        Parameters
        ----------
        X : sequence of n_samples str, or TokenizedTexts
            Documents; tokenized, if so, with the `tokenizer` of this model and the `max_length`
            of it, or the `training_length` in its place.
        y : array-like of shape (n_samples,)
            Labels: strings, integers or booleans, of at least two classes.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each document counts, in the loss, the price of its words, and the linear
            start. One of weight 0 is as if it were not there.
        validation_data : (sequence of str, array-like of labels), default=None
            Documents to compare epochs on, in place of a part of `X`. Nothing is learned from them.

        Raises
        ------
        ValueError
            If a parameter is out of range, `y` or `sample_weight` does not fit `X`, `y` holds a
            single class, no training document has a word, the word vectors cannot be read, `X` is
            tokenized otherwise than the parameters say, or there is nothing to go on with under
            ``warm_start=True``.
        TypeError
            If `X` is a bare string or holds something else than strings.
        KeyboardInterrupt
            If the user interrupts. What was fitted before stays as it is.
        """
        texts, labels, weights = self._check_documents(X, y, sample_weight)
        classes, numbers = np.unique(labels, return_inverse=True)
        if len(classes) == 1:
            raise ValueError(f"y holds one class only, {classes[0]!r}: give at least two classes.")
        device = self._check_parameters()
        former = self._module if self.warm_start and hasattr(self, "_module") else None
        if former is not None:
            self._check_former(former, classes)
        if validation_data is not None:
            validation_data = check_validation_data(validation_data, classes)
        sources = [] if former is not None else load_embeddings(self.embeddings)
        memory = make_memory(self.memory)
        random_state = check_random_state(self.random_state)
        seed = int(random_state.randint(2**31 - 1))

        data = self._prepare(
            texts, numbers, weights, validation_data, former, sources, random_state, memory
        )
        class_weights = self._class_weights(classes, data)
        start, vectors = self._begin(
            data, class_weights, former, sources, random_state, seed, memory
        )
        with isolated(seed, self.n_threads, device):
            module = self._make_module(vectors, len(classes), start, data)
            if former is not None:
                module.take_over(former)
            training, validation = labelled(data, start)
            net = self._make_net(module, class_weights, random_state, device, training, validation)
            train(net, training)
            calibration_temperature = 1.0
            if self.calibration is not None:
                said, _ = read(module, data.validation, folds=validation.folds)
                calibration_temperature = fit_temperature(said, data.y_validation)
        self._net = None
        self._learned(classes, data.vocabulary, net, calibration_temperature)
        self.n_training_documents_ = len(data.y)
        self.n_validation_documents_ = len(data.y_validation)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> Self:
        """Train on some documents, one pass, and go on from there at the next call.

        The first call collects words, trains or reads their vectors, and fits the linear start,
        from its own documents alone; with the parameters `vocabulary` and `embeddings` the words
        and vectors are given. So its documents should be many, and of all classes. Later words are
        unseen words. After `fit`, and after loading, it goes on with the model that is there.

        No epochs are compared, as no document is held out: `patience`, `n_iter_no_change`,
        `max_epochs`, `checkpoint_dir` and `warm_start` have no meaning here. Thresholds for a
        `rationale_length` are set on the documents of the latest call. Until `fit` is called, or
        the model is saved, the state of the optimizer is kept, twice the size of the weights.

        Parameters
        ----------
        X : sequence of n_samples str, or TokenizedTexts
            Documents.
        y : array-like of shape (n_samples,)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels there will be. Needed at the first call; later it may be given again.
        sample_weight : array-like of shape (n_samples,), default=None
            How much each document counts, compared with the others of this call.

        Raises
        ------
        ValueError
            As `fit` does; if `classes` are missing at the first call, differ from those known, or
            lack a label of `y`; or if `calibration` or ``class_weight="balanced"`` ask for what no
            single piece can give.
        TypeError
            If `X` is a bare string or holds something else than strings.
        KeyboardInterrupt
            If the user interrupts. Steps that were made stay made.
        """
        texts, labels, weights = self._check_documents(X, y, sample_weight)
        device = self._check_parameters()
        known = self._check_classes(classes, labels)
        numbers = np.searchsorted(known, labels)
        first = not hasattr(self, "_module")
        net = self._net
        if net is None:
            random_state = check_random_state(self.random_state)
        else:
            random_state = net.iterator_train__random_state
        seed = int(random_state.randint(2**31 - 1))
        if first:
            memory = make_memory(self.memory)
            sources = load_embeddings(self.embeddings)
            data = self._prepare(texts, numbers, weights, None, None, sources, random_state, memory)
            class_weights = self._class_weights(known, data)
            start, vectors = self._begin(
                data, class_weights, None, sources, random_state, seed, memory
            )
            vocabulary, training = data.vocabulary, all_labelled(data, start)
        else:
            vocabulary = self.vocabulary_
            read_words = tokenize(texts, self._tokenizer, self._max_length, None)
            documents = Documents.from_tokenized(read_words, vocabulary).cut(self._max_length)
            class_weights = self._class_weights(known, None)
            training = LabelledDocuments(documents, numbers, weights=of_mean_1(weights))
        with isolated(seed, self.n_threads, device):
            module = self._make_module(vectors, len(known), start, data) if first else self._module
            if net is None:
                net = self._make_net(module, class_weights, random_state, device, training, None)
            net.max_epochs = len(net.history or []) + 1
            train(net, training)
        self._net = net
        self._learned(known, vocabulary, net, getattr(self, "calibration_temperature_", 1.0))
        self.n_training_documents_ = len(training) + (0 if first else self.n_training_documents_)
        self.n_validation_documents_ = 0 if first else self.n_validation_documents_
        return self

    def _check_documents(
        self, X: Any, y: Any, sample_weight: Any
    ) -> tuple[list[str] | TokenizedTexts, np.ndarray, np.ndarray | None]:
        """Give the documents that count, their labels, and weights if they are not all the same."""
        if isinstance(X, TokenizedTexts):
            n_words = check_training_length(self.training_length, self.max_length)
            X.check_made_by(make_tokenizer(self.tokenizer), n_words)
        texts = X if isinstance(X, TokenizedTexts) else check_texts(X)
        labels = check_labels(y, len(texts))
        if not len(texts):
            raise ValueError("X holds no documents: give at least two, of different classes.")
        if sample_weight is None:
            return texts, labels, None
        weights = check_sample_weight(sample_weight, len(texts))
        rows = np.flatnonzero(weights)
        if len(rows) < len(weights):
            labels, weights = labels[rows], weights[rows]
            if isinstance(texts, TokenizedTexts):
                texts = texts.take(rows)
            else:
                texts = [texts[row] for row in rows]
        return texts, labels, weights

    def _check_parameters(self) -> str:
        """Check what is not checked parameter by parameter, and give the device."""
        check_training_length(self.training_length, self.max_length)
        check_filter_sizes(self.filter_sizes)
        check_vocabulary(self.vocabulary)
        check_checkpoint_dir(self.checkpoint_dir, self.random_state)
        check_selection(
            self.sampler, self.sampler_params, self.rationale_length, self.max_rationale_length,
            self.free_length, self.predictor_input,
        )  # fmt: skip
        check_focus(self.class_focus, self.linear_start)
        return check_device(self.device)

    def _check_former(self, former: Rationalizer, classes: np.ndarray) -> None:
        """Check that training can go on with a network of before."""
        if not np.array_equal(classes, self.classes_):
            raise ValueError(
                f"y has the classes {classes.tolist()}, and warm_start=True goes on with a model "
                f"of {self.classes_.tolist()}: give documents of these, or warm_start=False."
            )
        wanted = {name: getattr(self, name) for name in _SHAPING}
        wanted["filter_sizes"] = check_filter_sizes(self.filter_sizes)
        found = {name: former.settings[name] for name in wanted}
        wanted["linear_start"] = None if self.linear_start is None else "some"
        found["linear_start"] = None if former.predictor.linear is None else "some"
        for name, value in wanted.items():
            if value != found[name]:
                raise ValueError(
                    f"{name}={getattr(self, name)!r}, and warm_start=True goes on with a network "
                    f"of {found[name]!r}: keep {name}, or give warm_start=False."
                )

    def _check_classes(self, classes: Any, labels: np.ndarray) -> np.ndarray:
        """Give the labels that `partial_fit` learns, and say what it cannot do."""
        if self.calibration is not None:
            raise ValueError(
                f"calibration={self.calibration!r} needs all documents at once, which partial_fit "
                "never has: set calibration=None, or use fit."
            )
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' needs all documents at once, which partial_fit never "
                "has: set class_weight=None or a dict, or use fit."
            )
        known = self.classes_ if hasattr(self, "_module") else None
        return check_classes(classes, labels, known)

    def _prepare(
        self,
        texts: list[str] | TokenizedTexts,
        numbers: np.ndarray,
        weights: np.ndarray | None,
        validation_data: tuple[list[str], np.ndarray] | None,
        former: Rationalizer | None,
        sources: list[Any],
        random_state: np.random.RandomState,
        memory: Any,
    ) -> TrainingData:
        """Split texts into words, hold some out, and number the words."""
        n_words = check_training_length(self.training_length, self.max_length)
        training, validation = split(
            texts, numbers, weights, validation_data, make_tokenizer(self.tokenizer), n_words,
            self.validation_fraction, random_state, memory,
        )  # fmt: skip
        if former is not None:
            vocabulary = self.vocabulary_
        else:
            words = check_vocabulary(self.vocabulary)
            vocabulary = collect_words(
                training.texts, words, self.min_df, sources, self.max_unseen_words
            )
        held_out = validation_data is None
        return prepare(training, validation, vocabulary, self.max_length, held_out=held_out)

    def _class_weights(self, classes: np.ndarray, data: TrainingData | None) -> np.ndarray:
        if data is None:
            return compute_class_weight(self.class_weight, classes=classes, y=classes)
        if self.class_weight == "balanced":  # scikit-learn takes no weights here before 1.7
            counts = np.bincount(data.y, data.weights, len(classes))
            return counts.sum() / (len(classes) * counts)
        return compute_class_weight(self.class_weight, classes=classes, y=classes[data.y])

    def _begin(
        self,
        data: TrainingData,
        class_weights: np.ndarray,
        former: Rationalizer | None,
        sources: list[Any],
        random_state: np.random.RandomState,
        seed: int,
        memory: Any,
    ) -> tuple[LinearStart | None, tuple[np.ndarray, np.ndarray]]:
        """Give the linear start, and the vectors of known and of unseen words."""
        if self.random_state is None:
            memory = None  # this is drawn anew each time, and never asked for again
        bigrams = self.focus_bigrams and self.class_focus > 0
        start = linear_start(self.linear_start, bigrams, data, class_weights, random_state, memory)
        if former is not None:
            return start, former.vectors
        return start, word_vectors(sources, data, seed, memory)

    def _make_module(
        self,
        vectors: tuple[np.ndarray, np.ndarray],
        n_classes: int,
        start: LinearStart | None,
        data: TrainingData,
    ) -> Rationalizer:
        share_at_start = first_selection(
            self.initial_selection, self.linear_start, self.sampler, self.rationale_length,
            data.training.lengths,
        )  # fmt: skip
        known, unseen = vectors
        return Rationalizer(
            known,
            n_classes,
            unseen=unseen,
            filter_sizes=check_filter_sizes(self.filter_sizes),
            **{name: getattr(self, name) for name in (*_SHAPING, *_OTHERS_OF_THE_NETWORK)},
            initial_selection=share_at_start,
            linear_start=start,
            documents=data.training,
        )

    def _make_net(
        self,
        module: Rationalizer,
        class_weights: np.ndarray,
        random_state: np.random.RandomState,
        device: str,
        training: LabelledDocuments,
        validation: LabelledDocuments | None,
    ) -> RationaleNet:
        """Make what trains a network: on a piece only, if there is nothing to validate on."""
        going_on = hasattr(self, "_module") and (self.warm_start or validation is None)
        warmup, ramp = (
            self._resolved(epochs, going_on or self.linear_start is not None, 0, 3)
            for epochs in (self.warmup_epochs, self.ramp_epochs)
        )
        max_epochs = self._resolved(self.max_epochs, self.linear_start is not None, 6, 20)
        prices = make_prices(
            self.lambda1, self.free_length, self.rationale_length, self.lambda2,
            self.max_transitions, self.sampler, len(class_weights),
        )  # fmt: skip
        callbacks: list[Any] = [] if validation is None and going_on else [Curriculum(warmup, ramp)]
        best = BestWeights(self.patience, first_epoch=warmup + ramp + 1)
        if validation is not None:
            callbacks.append(best)
        callbacks.extend(self.callbacks or [])
        if validation is not None and self.checkpoint_dir is not None:
            settings = {name: getattr(self, name) for name in _OF_TRAINING}
            path = checkpoint_path(
                self.checkpoint_dir, module, training, validation, random_state,
                [settings, max_epochs, [vars(price) for price in prices], class_weights],
            )  # fmt: skip
            callbacks.append(Checkpoint(path, best, random_state))
        if validation is not None and self.n_iter_no_change is not None:
            callbacks.append(Stop(self.n_iter_no_change, best.first_epoch))
        if self.verbose:
            price = f"lambda1={self.lambda1:g}"
            if self.rationale_length is not None:
                price = f"rationale_length={self.rationale_length:g}"
            callbacks.append(Progress(max_epochs, f"{self.sampler}, {price}"))
        return make_net(
            module,
            validation,
            prices=prices,
            class_weights=class_weights,
            callbacks=callbacks,
            learning_rate=self.learning_rate,
            predictor_learning_rate=self.predictor_learning_rate,
            weight_decay=self.weight_decay,
            batch_size=self.batch_size,
            max_epochs=max_epochs,
            random_state=random_state,
            device=device,
        )

    @staticmethod
    def _resolved(epochs: int | str, has_start: bool, with_start: int, without: int) -> int:
        """Give the number of epochs that "auto" stands for with and without a start."""
        if not isinstance(epochs, str):
            return epochs
        return with_start if has_start else without

    def _learned(
        self,
        classes: np.ndarray,
        vocabulary: Vocabulary,
        net: RationaleNet,
        calibration_temperature: float,
    ) -> None:
        """Keep what was learned, all at once."""
        is_new = not hasattr(self, "_module") or net.module_ is not self._module
        net.module_.forget_folds()
        net.module_.eval()
        self.classes_ = classes
        self.vocabulary_ = vocabulary
        self.calibration_temperature_ = calibration_temperature
        self.history_ = {
            "seconds" if name == "dur" else name: np.array(
                [row.get(name, np.nan) for row in net.history]
            )
            for name in _HISTORY
        }
        if is_new:
            self._tokenizer = make_tokenizer(self.tokenizer)
            self._max_length = self.max_length
        self._module = net.module_

"""A text classifier that predicts from selected words and returns them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils import check_random_state

from sklearn_irx._compat import HasMethods, Interval, StrOptions, fit_context
from sklearn_irx._validation import check_class_weight, check_classes
from sklearn_irx.classifier.base import RationaleEstimator
from sklearn_irx.classifier.calibration import CALIBRATIONS, fit_temperature
from sklearn_irx.classifier.fitting import (
    build_network,
    check_input,
    check_partial_fit,
    check_validation,
    check_warm_start,
    find_classes,
    history_of,
    later_documents,
    make_net,
    prepare,
    with_correction,
)
from sklearn_irx.classifier.member import MemberMixin
from sklearn_irx.classifier.shortfalls import warn_of_selection
from sklearn_irx.classifier.trained import (
    changed_params,
    params_of_training,
    warn_of_kept_words,
)
from sklearn_irx.components import REGISTRIES, Component
from sklearn_irx.components.base import ComponentParamsMixin
from sklearn_irx.nn.inference import predict
from sklearn_irx.nn.isolation import isolated
from sklearn_irx.nn.training.loop import train
from sklearn_irx.nn.training.net import RationaleNet
from sklearn_irx.text import Vocabulary
from sklearn_irx.text.tokenizer import make_tokenizer


class SelectiveRationaleClassifier(ComponentParamsMixin, MemberMixin, RationaleEstimator):
    r"""Text classifier that predicts from a few words of each document, and shows which.

    A *selector* marks words with a hard mask, the rationale; a *predictor* sees the marked words
    and nothing else. Both are trained together on

    .. math:: \text{cross-entropy} + \lambda_1 \, (\text{words selected})
              + \lambda_2 \, (\text{transitions between selected and unselected words}).

    Parameters
    ----------
    style : {"words", "phrases", "passage", "sentences"} or Style, default="words"
        What a rationale looks like: the single words that tell most, fewer pieces of about four
        words, one piece, or whole sentences; or an object such as ``Style(max_spans=3, snap=1)``.
        Parameters that are given win: "phrases" stands for a `max_transitions` of half the
        rationale's words, "passage" for ``sampler=TopK(contiguous=True)``, and both for a
        `smoothing` of :class:`LinearInit`. Of sentences and other units of a :class:`Style`,
        lengths and penalties count units.
    rationale_length : float, "auto" or None, default=None
        Mean length of the rationales: a number of words, or below 1 a share of the document.
        Training finds the penalty for it, in place of `lambda1`. For the samplers "sparsemap" and
        "top_k" it is the length of each rationale. "auto" is a sixth of each document's words, at
        least 8 (or a third of fewer than 24), at most 30; None is "auto" unless `lambda1` is given.
    max_rationale_length : float or None, default=None
        Words that no rationale exceeds after training; below 1, a share of the document.
    lambda1 : float or None, default=None
        Sparsity penalty, in place of a length: nats of cross-entropy for each word selected.
    free_length : float or None, default=None
        Words of each document, or below 1 the share of them, that `lambda1` does not count.
    lambda2 : float, default=0.0
        Contiguity penalty: nats for each transition, as above. Higher: fewer, longer spans.
    max_transitions : float or None, default=None
        Upper limit of the mean number of transitions; two transitions are one span. Training finds
        a cost of transitions at inference for it, in place of `lambda2`, and for samplers that draw
        words independently a penalty. As many words are selected as without it.
    sampler : str or Sampler, default="auto"
        How the selection is trained: "straight_through", "gumbel", "reinforce", "hard_kuma",
        "sparsemap", "top_k", or an object such as ``TopK(contiguous=True)``. "sparsemap" and
        "top_k" select a given length. "auto" is "top_k" for a `rationale_length` of "auto" and for
        passages, else "straight_through"; from random weights "gumbel" or "hard_kuma". For this
        and the five parameters below, objects are of :mod:`sklearn_irx.components`; their
        parameters are set as ``sampler__contiguous``.
    encoder : str, Encoder or None, default=None
        What computes features of words in context: "cnn", "rnn", "transformer" (a pretrained one),
        or an object such as ``Transformer("path/of/a/model")``. None trains weights of words alone,
        in seconds. `embeddings` are for "cnn" and "rnn".
    initialization : str, Initialization or None, default="average"
        The linear classifier that both networks start from: "average", "naive_bayes", "logistic",
        "combined", "log_count_ratio", or an object such as ``LinearInit("combined",
        bigrams=False)``. None starts from random weights, as the paper's model does.
    predictor : Predictor or None, default=None
        Its size and input, and what it shares with the selector.
    objective : str, Objective or None, default=None
        What the networks are trained on. None is the loss above. With "real_x" and
        "encoding_penalty", or an object such as ``EncodingPenalty(weight=5)``, it does not pay to
        tell the label by the choice of words. With "distillation", rationales shall lead to what a
        transformer predicts from the full text. "fr", "dr", "a2r", "mgr", "mcd", "mrd", "dar",
        "grat" and "car" are remedies for what goes wrong in training, mostly from random weights.
    training : Training or None, default=None
        Epochs, learning rates, dropout, validation, checkpoints and more.
    tokenizer : callable or None, default=None
        Maps a document to its words as (word, start, end) with character offsets. None is
        :class:`~sklearn_irx.text.WordTokenizer`, for any script. A method ``form``, if it has one,
        maps words of `vocabulary` and `embeddings` to the form in which texts have them.
    embeddings : None, str, path-like, WordVectors, KeyedVectors, or a list of these, default=None
        Word vectors. None trains gensim's Word2Vec on the training texts; a string is the path of
        a GloVe or word2vec file (gzip or not) or a name known to ``gensim.downloader``. The vectors
        of a list, which may hold None, are concatenated.
    vocabulary : sequence of str or None, default=None
        The words to learn. None takes those of the training texts.
    max_unseen_words : int or None, default=50_000
        Number of out-of-vocabulary words with a vector in `embeddings` that are kept ("unseen
        words"), at 2 bytes a dimension: the first, as files mostly sort by frequency. None keeps
        all; with 0, such words are unknown.
    max_length : int, default=1000
        Number of words of a document that are used; the rest is ignored.
    min_df : int, default=1
        Words in fewer training documents than this are not learned. Ignored with a `vocabulary`.
    calibration : {"temperature"} or None, default=None
        "temperature" divides the logits by the number with the least log loss on the validation
        documents (Guo et al., 2017). Labels and rationales stay.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes in the cross-entropy, as in scikit-learn.
    warm_start : bool, default=False
        Whether `fit` goes on with the weights of an earlier `fit`. Vocabulary, word vectors and
        labels remain; the linear initialization is fitted anew on the new texts. What shapes the
        network must be as it was; penalties and lengths may change.
    device : str, default="auto"
        A torch device; "auto" takes CUDA or MPS if there is one.
    n_threads : int or None, default=None
        Threads of torch; None leaves its setting alone, but "cnn" and "rnn" encode fewer than 4,096
        words with one. The same number gives the same result bit for bit.
    memory : str, path-like, object with the joblib.Memory interface or None, default=None
        Where to cache what depends on the texts and not on the penalties: words (not where
        their places matter), if the tokenizer can be pickled and its source is at hand; if
        `random_state` is given, word vectors trained here, the linear initialization, states of
        frozen layers.
    random_state : int, RandomState instance or None, default=None
        The same number gives the same model.
    verbose : int, default=0
        1 shows progress bars: words, word vectors, initialization and training, with time left.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    vocabulary_ : Vocabulary
        The words learned, ``words``, and ``unseen_words``.
    calibration_temperature_ : float
        The logits are divided by it; 1 without calibration, or if all validation labels were right.
    n_training_documents_, n_validation_documents_ : int
        Documents that the weights were trained on, and others that epochs were compared on.
    history_ : dict of ndarrays of shape (n_epochs,)
        Columns of a table, ``pandas.DataFrame(clf.history_)``. Losses in nats, words, their share,
        and transitions per document, ``valid_empty`` the share of documents without a selected
        word, ``lambda1`` and ``lambda2`` the penalties at the end of the epoch (of a whole document
        where a share is asked for), ``best`` whether no earlier epoch was better, ``seconds``. With
        `rationales` of validation documents, ``valid_token_f1`` and ``valid_auprc`` are agreement
        with them.

    Notes
    -----
    A document without a known word is legal: its rationale is empty, the prediction is of no words.

    Unseen words are context in both networks and can be selected; the linear initialization gives
    them no weight and the lowest rank. Other words that were not learned are unknown, except to a
    transformer: the predictor sees nothing of them, and they are selected within passages only.

    References
    ----------
    J. Dai et al., "Interactive Rationale Extraction for Text Classification", 2022.
    T. Lei et al., "Rationalizing Neural Predictions", EMNLP 2016.
    C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> texts, y, _ = make_rationale_classification(600, n_words=40, random_state=0)
    >>> clf = SelectiveRationaleClassifier(random_state=0)
    >>> clf.fit(texts[:500], y[:500]).score(texts[500:], y[500:]) > 0.9
    True
    >>> clf.transform(texts[500:]).shape
    (100, 1000)
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "rationale_length": [Interval(Real, 0, None, closed="neither"), StrOptions({"auto"}), None],
        "max_rationale_length": [Interval(Real, 0, None, closed="neither"), None],
        "lambda1": [Interval(Real, 0, None, closed="left"), None],
        "free_length": [Interval(Real, 0, None, closed="neither"), None],
        "lambda2": [Interval(Real, 0, None, closed="left")],
        "max_transitions": [Interval(Real, 1, None, closed="left"), None],
        **{name: [str, Component, None] for name in REGISTRIES},  # Registry.find checks more
        "tokenizer": [callable, None],
        "embeddings": "no_validation",  # load_embeddings checks them
        "vocabulary": ["array-like", None],
        "max_unseen_words": [Interval(Integral, 0, None, closed="left"), None],
        "max_length": [Interval(Integral, 1, None, closed="left")],
        "min_df": [Interval(Integral, 1, None, closed="left")],
        "calibration": [StrOptions(set(CALIBRATIONS)), None],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "warm_start": ["boolean"],
        "device": [str],
        "n_threads": [Interval(Integral, 1, None, closed="left"), None],
        "memory": [None, str, HasMethods(["__fspath__"]), HasMethods(["cache"])],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }
    _registries = REGISTRIES
    _net: RationaleNet | None = None  # of partial_fit, with the state of the optimizer

    def __init__(
        self,
        *,
        style: Any = "words",
        rationale_length: float | str | None = None,
        max_rationale_length: float | None = None,
        lambda1: float | None = None,
        free_length: float | None = None,
        lambda2: float = 0.0,
        max_transitions: float | None = None,
        sampler: Any = "auto",
        encoder: Any = None,
        initialization: Any = "average",
        predictor: Any = None,
        objective: Any = None,
        training: Any = None,
        tokenizer: Callable[[str], Any] | None = None,
        embeddings: Any = None,
        vocabulary: Sequence[str] | None = None,
        max_unseen_words: int | None = 50_000,
        max_length: int = 1000,
        min_df: int = 1,
        calibration: str | None = None,
        class_weight: dict[Any, float] | str | None = None,
        warm_start: bool = False,
        device: str = "auto",
        n_threads: int | None = None,
        memory: Any = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.style = style
        self.rationale_length = rationale_length
        self.max_rationale_length = max_rationale_length
        self.lambda1 = lambda1
        self.free_length = free_length
        self.lambda2 = lambda2
        self.max_transitions = max_transitions
        self.sampler = sampler
        self.encoder = encoder
        self.initialization = initialization
        self.predictor = predictor
        self.objective = objective
        self.training = training
        self.tokenizer = tokenizer
        self.embeddings = embeddings
        self.vocabulary = vocabulary
        self.max_unseen_words = max_unseen_words
        self.max_length = max_length
        self.min_df = min_df
        self.calibration = calibration
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.device = device
        self.n_threads = n_threads
        self.memory = memory
        self.random_state = random_state
        self.verbose = verbose

    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        rationales: Any = None,
        validation_data: tuple[Any, ...] | None = None,
    ) -> Self:
        """Train selector and predictor.

        Parameters
        ----------
        X : sequence of n_samples str, or TokenizedTexts
            Documents; if tokenized, with the `tokenizer` of this model and its `max_length`, or
            the `text_length` of `training`.
        y : array-like of shape (n_samples,)
            Labels: strings, integers or booleans, of at least two classes.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights in the loss and in the linear initialization. Documents of weight 0 are
            ignored.
        rationales : sequence of n_samples entries, or array of shape (n_samples, n_words) of bool
            Words that people marked, which the selector learns to select, too. An entry is a mask
            of the words of the document, a list of spans (start, end) in words with exclusive ends,
            or None if nobody marked words there. In empty ones, nothing was worth a mark. Words
            past the `max_length` are left out.
        validation_data : (texts, labels) or (texts, labels, rationales), default=None
            Documents to compare epochs on, in place of a part of `X`. Nothing is learned from them.

        Raises
        ------
        ValueError
            If a parameter is out of range, `y`, `sample_weight` or `rationales` do not fit `X`, `y`
            holds a single class, no training document has a word, the word vectors cannot be read,
            the tokenization of `X` is not that of the parameters, the parameters ask for another
            network than that of a warm start, epochs shall be compared by rationales that are not
            there, or the loss becomes nan or infinite.
        TypeError
            If `X` is a bare string, not all its documents are strings, or an entry of `rationales`
            is neither a mask nor spans.
        KeyboardInterrupt
            If the user interrupts. Earlier fitted attributes stay as they are.

        Warns
        -----
        SelectionWarning
            Once, if of the validation documents' rationales more than 5 % are empty, mean length or
            transitions are off by more than a tenth, or if a parameter had no effect.
        """
        given = check_input(self, X, y, sample_weight=sample_weight, rationales=rationales)
        classes = find_classes(self, given)
        former = self._module if self.warm_start and hasattr(self, "_module") else None
        if former is not None:
            check_warm_start(self, given.config, classes)
            warn_of_kept_words(self)
        validation_given = check_validation(validation_data, classes)
        random_state = check_random_state(self.random_state)
        seed = int(random_state.randint(2**31 - 1))
        start = prepare(
            self, given, classes, validation_data=validation_given, warm=former is not None,
            random_state=random_state, seed=seed, compares=True,
        )  # fmt: skip
        with isolated(seed, self.n_threads, given.device):
            module = build_network(given.config, start, former)
            training, validation = start.data.labelled(start.linear)
            net = make_net(
                self, module, given=given, training=training, validation=validation,
                class_weights=start.class_weights, random_state=random_state,
            )  # fmt: skip
            train(net, training)
            probabilities, masks = predict(module, validation.documents, folds=validation.folds)
            net.match_length(training, validation.folds)
        temperature = fit_temperature(probabilities, validation.y) if self.calibration else 1.0
        self._net = None
        self._set_fitted(
            net, classes, start.data.vocabulary, temperature=temperature,
            n_documents=start.data.n_documents,
        )  # fmt: skip
        warn_of_selection(
            self, given.config, masks, validation, validation_given=validation_data is not None
        )
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: Any,
        y: Any,
        classes: Any = None,
        sample_weight: Any = None,
        *,
        rationales: Any = None,
    ) -> Self:
        """Train one epoch on some documents; later calls continue this training.

        The first call learns vocabulary, word vectors and linear initialization from its documents,
        unless `vocabulary` and `embeddings` are given: they should be many, and of all classes.
        Later words are unseen words. After `fit`, or loading, the fitted model is trained further.
        Parameters that were set since the last call hold from this one on, with a new optimizer;
        those of the network and its words may not change.

        No document is held out, so `patience`, `n_iter_no_change`, `compare_epochs_by`,
        `max_epochs`, `checkpoint_dir` and `warm_start` have no effect. Thresholds for a
        `rationale_length` are set on the documents of the latest call. Until `fit` is called, or
        the model is saved, it holds the state of the optimizer, twice the size of the weights.

        Parameters
        ----------
        X : sequence of n_samples str, or TokenizedTexts
            Documents.
        y : array-like of shape (n_samples,)
            Labels.
        classes : array-like of shape (n_classes,), default=None
            All labels. Required at the first call; later calls may repeat it.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights, relative to the others of this call.
        rationales : sequence of n_samples entries, or array of shape (n_samples, n_words) of bool
            Words that people marked, as `fit` takes them.

        Raises
        ------
        ValueError
            As `fit` does; if `classes` are missing at the first call, differ from those known, or
            lack a label of `y`; if a parameter asks for another network, or other words, than the
            first call; or with `calibration` or ``class_weight="balanced"``, which need all
            documents at once.
        TypeError
            If `X` is a bare string or not all its documents are strings.
        KeyboardInterrupt
            If the user interrupts. Finished training steps stay in effect.
        """
        given = check_input(self, X, y, sample_weight=sample_weight, rationales=rationales)
        check_partial_fit(self, given.config)
        first = not hasattr(self, "_module")
        net = None if changed_params(self) else self._net
        classes = check_classes(classes, given.labels, None if first else self.classes_)
        check_class_weight(self.class_weight, classes)
        random_state = check_random_state(
            self.random_state if net is None else net.iterator_train__random_state
        )
        seed = int(random_state.randint(2**31 - 1))
        if first:
            start = prepare(
                self, given, classes, validation_data=None, warm=False,
                random_state=random_state, seed=seed, compares=False,
            )  # fmt: skip
            class_weights, vocabulary = start.class_weights, start.data.vocabulary
            training = start.data.all_labelled(start.linear)
        else:
            vocabulary = self.vocabulary_
            training, class_weights = later_documents(self, given)
        with isolated(seed, self.n_threads, given.device):
            if first:
                module = build_network(given.config, start)
            else:
                module = with_correction(self._module, given.config, training.marks)
            if net is None or module is not self._module:
                net = make_net(
                    self, module, given=given, training=training, validation=None,
                    class_weights=class_weights, random_state=random_state,
                )  # fmt: skip
            net.max_epochs = len(net.history or []) + 1
            train(net, training)
        self._net = net
        temperature = getattr(self, "calibration_temperature_", 1.0)
        n_before = 0 if first else self.n_training_documents_
        n_validation = 0 if first else self.n_validation_documents_
        self._set_fitted(
            net, classes, vocabulary, temperature=temperature,
            n_documents=(n_before + len(training), n_validation),
        )  # fmt: skip
        return self

    def _set_fitted(
        self,
        net: RationaleNet,
        classes: np.ndarray,
        vocabulary: Vocabulary,
        *,
        temperature: float,
        n_documents: tuple[int, int],
    ) -> None:
        """Set all fitted attributes at once: an interrupted fit changes none."""
        module = net.module_
        module.drop_fold_weights()
        module.eval()
        same_words = vocabulary is getattr(self, "vocabulary_", None)
        self._trained_params = params_of_training(self, same_words=same_words)
        self.classes_ = classes
        self.vocabulary_ = vocabulary
        self.calibration_temperature_ = temperature
        self.n_training_documents_, self.n_validation_documents_ = n_documents
        self.history_ = history_of(net)
        if module is not getattr(self, "_module", None):
            self._tokenizer = make_tokenizer(self.tokenizer)
            self._max_length = self.max_length
        self._module = module

    def transform(self, X: Any) -> np.ndarray:
        """Select the rationales, as masks.

        Parameters
        ----------
        X : sequence of n_samples str
            Documents.

        Returns
        -------
        masks : ndarray of shape (n_samples, max_length), dtype bool
            True for selected words, False past the end of a document.
        """
        return self.predict_with_masks(X)[1]

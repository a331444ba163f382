"""A text classifier that shows the words it used, and can use no others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from sklearn_irx.classifier.constraints import CONSTRAINTS
from sklearn_irx.classifier.learner import RationaleLearner


class SelectiveRationaleClassifier(RationaleLearner):
    r"""Text classifier that predicts from a few words of each document, and shows which.

    A *selector* marks words with a hard mask, the rationale; a *predictor* sees the marked words
    and nothing else. Both are trained together on

    .. math:: \text{cross-entropy} + \lambda_1 \, (\text{words selected})
              + \lambda_2 \, (\text{borders between selected and unselected words}).

    Parameters
    ----------
    sampler : {"straight_through", "gumbel", "reinforce", "hard_kuma", "sparsemap", "top_k"}, \
            default="straight_through"
        How the selection is trained. "straight_through" trains on hard masks as they will be
        used; "gumbel" on soft ones, as Dai et al. (2022) did; "reinforce" by the score function
        (Lei et al., 2016); "hard_kuma" on masks that are partly hard (Bastings et al., 2019);
        "sparsemap" on sparse ones within a budget (Guerreiro and Martins, 2021); "top_k" on so
        many words exactly. The last two need `rationale_length`.
    sampler_params : dict or None, default=None
        Parameters of the sampler's own: ``entropy`` and ``baseline_decay`` of "reinforce",
        ``stretch`` of "hard_kuma", ``neighbour_score`` of "sparsemap", ``contiguous`` of "top_k".
    rationale_length : float or None, default=None
        Mean length of the rationales: a number of words, or below 1 a share of the document.
        Training finds the price of a word for it, in place of `lambda1`. For "sparsemap" and
        "top_k" it is the length of each rationale.
    max_rationale_length : float or None, default=None
        Words that no rationale exceeds after training; below 1, a share of the document. The
        likeliest words are kept.
    lambda1 : float, default=0.01
        Price of a selected word, in nats of cross-entropy a document. Higher: shorter rationales.
    free_length : float or None, default=None
        Words of each document, or below 1 the share of them, that `lambda1` does not count.
    lambda2 : float, default=0.0
        Price of a border between selected and unselected words. Higher: fewer, longer pieces.
    max_transitions : float or None, default=None
        Mean number of borders a document not to be exceeded. Training finds the price for it, in
        place of `lambda2`; and where words are drawn one by one, a cost of borders at inference
        that keeps to it. Two borders are one piece.
    linear_start : {"naive_bayes", "logistic", "combined"} or None, default="naive_bayes"
        The linear classifier both networks start from: it ranks the words for the selector and
        works beside the convolutions of the predictor. "combined" adds up the other two and a
        linear support vector machine, weighted as validation texts ask for: the most accurate, and
        the slowest to fit. None builds the paper's model.
    class_focus : float, default=0.0
        How much the selector's ranking of the words heeds what the linear classifier makes of the
        whole text: it ranks a word by its largest weight for any class, each times the probability
        of the class to this power. With 0 a word ranks as high in all texts. From 0.5, short
        rationales are more often right, and hold less of what speaks for other classes.
    focus_bigrams : bool, default=False
        Whether that classifier, where it reads the whole text for `class_focus`, also knows pairs
        of neighbouring words, "not good" beside "not" and "good". More often right, above all
        where texts tell an opinion. The classifier takes several times as long to fit.
    embeddings : None, str, path-like, WordVectors, KeyedVectors, or a list of these, default=None
        Word vectors. None trains gensim's Word2Vec on the training texts; a string is the path of
        a GloVe or word2vec file (gzip or not) or a name known to ``gensim.downloader``. The
        vectors of a list are concatenated, None being one of those it may hold.
    vocabulary : sequence of str or None, default=None
        The words to learn, as the tokenizer gives them. None takes those of the training texts.
        Other words are read as unseen words are.
    max_unseen_words : int or None, default=50_000
        Words that are in `embeddings` and not among the words learned, to be kept in the model and
        read by their vectors when they come up: the first of the vectors, which files mostly begin
        with the most frequent of. Each takes 2 bytes a dimension. None keeps all; with 0, such
        words are unknown.
    tokenizer : callable or None, default=None
        Maps a document to its words as (word, start, end) with character offsets. None stands for
        :class:`~sklearn_irx.text.WordTokenizer`: lower-cased runs of ``\w``.
    max_length : int, default=300
        Words of a document that are read; what follows is ignored.
    training_length : int or None, default=None
        Words of a training document, at least `max_length`, that vocabulary, linear start, and
        word vectors trained here are learned from. Selector and predictor learn from the first
        `max_length` alone. None is `max_length`.
    min_df : int, default=1
        Words in fewer training documents than this are not learned, but read as unseen words are.
        Not for a `vocabulary` that is given.
    encoder : {"cnn", "rnn"}, default="cnn"
        What reads words in context, in the selector and in the predictor: convolutions or a
        bidirectional recurrent network.
    filter_sizes : sequence of int, default=(3, 4, 5)
        Widths of the convolutions in words.
    n_filters : int, default=100
        Convolutions of each width.
    rnn_cell : {"gru", "lstm"}, default="gru"
        Cells of the recurrent network.
    rnn_size : int, default=100
        Cells of each direction.
    hidden_size : int, default=100
        Units of the predictor's hidden layer.
    dropout : float, default=0.5
        Share of features dropped in training, in [0, 1).
    word_dropout : float, default=0.0
        Share of selected words that the predictor is not shown in training, in [0, 1).
    share_embeddings : bool, default=False
        Whether selector and predictor have the same trained word vectors. Otherwise the selector
        has those given, and the predictor trains a copy.
    share_encoder : bool, default=False
        Whether they have the same encoder too (Liu et al., 2022, "folded rationalization").
    predictor_input : {"in_place", "compact"}, default="in_place"
        Whether the predictor sees the selected words in their places, or closed up. In place, it
        sees gaps: where, and how many words, were left out. "compact" is not for "gumbel", which
        leaves no word out in training.
    initial_selection : float or "auto", default="auto"
        Share of the words selected at the start, in (0, 1), where no budget limits them. "auto" is
        `rationale_length` or else 0.3 with a linear start (0.9 for "sparsemap" and "top_k", whose
        budget limits them), and 0.73 without.
    temperature : float, default=1.0
        Softness of the sampler at the first training step.
    temperature_decay : float, default=1e-5
        At step s the temperature is ``temperature * exp(-temperature_decay * s)``.
    learning_rate : float, default=1e-3
        Of Adam.
    predictor_learning_rate : float, "decoupled" or None, default=None
        That of the predictor, if it shall be another. "decoupled" is `learning_rate` times the
        share of words selected (Liu et al., 2023). What it shares with the selector is not meant.
    weight_decay : float, default=5e-6
        Of Adam.
    batch_size : int, default=128
        Documents a training step.
    max_epochs : int or "auto", default="auto"
        Passes through the training texts. "auto" is 6 with a linear start and 20 without.
    patience : int, default=2
        After so many epochs without a better validation loss, the best weights return and the
        learning rate halves. The best weights are what training ends with. Epochs of the
        warm-up and the ramp are not compared.
    n_iter_no_change : int or None, default=None
        After so many epochs without a better validation loss training ends. None goes through all
        `max_epochs`.
    warmup_epochs : int or "auto", default="auto"
        Epochs at the beginning in which the predictor reads all words and the selector rests.
        "auto" is 0 with a linear or warm start and 3 without.
    ramp_epochs : int or "auto", default="auto"
        Epochs after the warm-up in which `lambda1` and `lambda2` rise to their value. "auto" is 0
        with a linear or warm start and 3 without.
    validation_fraction : float, default=0.1
        Share of the training texts, of each class alike, held out to compare epochs. When all is
        chosen, the linear start learns from them, too; never from `validation_data` of `fit`.
    calibration : {"temperature"} or None, default=None
        "temperature" divides the logits by the number at which the documents held out, read as
        they will be after training, have the least log loss (Guo et al., 2017). Labels and
        rationales stay as they are; confidence comes closer to how often it is right.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes in the cross-entropy, as in scikit-learn.
    callbacks : list of skorch callbacks or None, default=None
        Joined to the training loop. What they keep is gone with the loop after `fit`. One that
        raises KeyboardInterrupt, as skorch's EarlyStopping does, ends training.
    warm_start : bool, default=False
        Whether `fit` goes on with the weights that an earlier `fit` of this object ended with. Its
        vocabulary, word vectors, and labels remain; the linear start is fitted anew on the new
        texts. What shapes the network must be as it was; prices and lengths may be others.
    checkpoint_dir : str, path-like or None, default=None
        A folder where `fit` keeps the state of training after each epoch. Training that was cut
        off goes on there when `fit` is called again with the same parameters and documents, and
        ends with the weights it would have had; it needs a `random_state`. Each training has a
        file of its own, three to four times as large as a saved model; delete them when they are
        no longer needed. `callbacks` begin anew when training goes on.
    device : str, default="auto"
        A torch device; "auto" takes CUDA or MPS if there is one.
    n_threads : int or None, default=None
        Threads torch computes with; None leaves its setting alone. The same number gives the same
        result bit for bit.
    precision : {"auto", "float32", "bfloat16"}, default="auto"
        Bits of the factors in the large matrix products of the convolutional encoder; sums and
        weights have 32. "auto" is bfloat16 on a CPU or a CUDA device that multiplies such numbers
        in hardware.
    memory : str, path-like, object with the joblib.Memory interface or None, default=None
        A folder, or what stands for one, to keep what depends on the texts and not on the prices:
        their words, word vectors trained on them, the linear start. Then a grid over `lambda1` and
        `lambda2`, or another `fit`, does not make it again. Vectors and start are kept if
        `random_state` is given; words if the tokenizer can be pickled and its source is at hand.
        None keeps nothing.
    random_state : int, RandomState instance or None, default=None
        The same number gives the same model.
    verbose : int, default=0
        1 shows a progress bar with loss, accuracy and words selected.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    vocabulary_ : Vocabulary
        The words learned, ``words``, and those to be read by their vectors, ``unseen_words``.
    calibration_temperature_ : float
        What the logits are divided by; 1 without calibration, or if every document held out was
        predicted right.
    n_training_documents_, n_validation_documents_ : int
        How many documents the weights were trained on, and how many compared the epochs.
    history_ : dict of ndarrays of shape (n_epochs,)
        What each epoch reached; ``pandas.DataFrame(clf.history_)`` is a table. Losses in nats,
        words and borders per document, ``valid_empty`` the share of validation documents without
        a selected word, ``lambda1`` and ``lambda2`` the prices at the end of the epoch (of a
        whole document where a share of it is asked for), ``best`` whether no earlier epoch was
        better, ``seconds`` the time taken.

    Notes
    -----
    An empty document, or one without a known word, is legal: the prediction for it is what the
    predictor says of no words.

    Words that are unseen, but have a vector, have a say in context, in both networks, and can be
    selected. Nothing else is known of them: the linear start gives them no weight for any class,
    and the lowest place in the ranking of words. Words without a vector are never selected.

    References
    ----------
    J. Dai et al., "Interactive Rationale Extraction for Text Classification", 2022.
    T. Lei et al., "Rationalizing Neural Predictions", EMNLP 2016.
    J. Bastings et al., "Interpretable Neural Predictions with Differentiable Binary Variables",
    ACL 2019.
    S. Jain et al., "Learning to Faithfully Rationalize by Construction", ACL 2020.
    N. Guerreiro and A. Martins, "SPECTRA: Sparse Structured Text Rationalization", EMNLP 2021.
    C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017.
    W. Liu et al., "FR: Folded Rationalization with a Unified Encoder", NeurIPS 2022.
    W. Liu et al., "Decoupled Rationalization with Asymmetric Learning Rates", KDD 2023.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.datasets import make_rationale_classification
    >>> texts, y, _ = make_rationale_classification(600, n_words=40, random_state=0)
    >>> clf = SelectiveRationaleClassifier(max_epochs=3, random_state=0).fit(texts[:500], y[:500])
    >>> clf.score(texts[500:], y[500:]) > 0.9
    True
    >>> clf.transform(texts[500:]).shape
    (100, 300)
    >>> len(clf.explain(texts[500:502]))
    2
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = CONSTRAINTS

    def __init__(
        self,
        *,
        sampler: str = "straight_through",
        sampler_params: dict[str, Any] | None = None,
        rationale_length: float | None = None,
        max_rationale_length: float | None = None,
        lambda1: float = 0.01,
        free_length: float | None = None,
        lambda2: float = 0.0,
        max_transitions: float | None = None,
        linear_start: str | None = "naive_bayes",
        class_focus: float = 0.0,
        focus_bigrams: bool = False,
        embeddings: Any = None,
        vocabulary: Sequence[str] | None = None,
        max_unseen_words: int | None = 50_000,
        tokenizer: Callable[[str], Any] | None = None,
        max_length: int = 300,
        training_length: int | None = None,
        min_df: int = 1,
        encoder: str = "cnn",
        filter_sizes: Sequence[int] = (3, 4, 5),
        n_filters: int = 100,
        rnn_cell: str = "gru",
        rnn_size: int = 100,
        hidden_size: int = 100,
        dropout: float = 0.5,
        word_dropout: float = 0.0,
        share_embeddings: bool = False,
        share_encoder: bool = False,
        predictor_input: str = "in_place",
        initial_selection: float | str = "auto",
        temperature: float = 1.0,
        temperature_decay: float = 1e-5,
        learning_rate: float = 1e-3,
        predictor_learning_rate: float | str | None = None,
        weight_decay: float = 5e-6,
        batch_size: int = 128,
        max_epochs: int | str = "auto",
        patience: int = 2,
        n_iter_no_change: int | None = None,
        warmup_epochs: int | str = "auto",
        ramp_epochs: int | str = "auto",
        validation_fraction: float = 0.1,
        calibration: str | None = None,
        class_weight: dict[Any, float] | str | None = None,
        callbacks: list[Any] | None = None,
        warm_start: bool = False,
        checkpoint_dir: Any = None,
        device: str = "auto",
        n_threads: int | None = None,
        precision: str = "auto",
        memory: Any = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ) -> None:
        self.sampler = sampler
        self.sampler_params = sampler_params
        self.rationale_length = rationale_length
        self.max_rationale_length = max_rationale_length
        self.lambda1 = lambda1
        self.free_length = free_length
        self.lambda2 = lambda2
        self.max_transitions = max_transitions
        self.linear_start = linear_start
        self.class_focus = class_focus
        self.focus_bigrams = focus_bigrams
        self.embeddings = embeddings
        self.vocabulary = vocabulary
        self.max_unseen_words = max_unseen_words
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.training_length = training_length
        self.min_df = min_df
        self.encoder = encoder
        self.filter_sizes = filter_sizes
        self.n_filters = n_filters
        self.rnn_cell = rnn_cell
        self.rnn_size = rnn_size
        self.hidden_size = hidden_size
        self.dropout = dropout
        self.word_dropout = word_dropout
        self.share_embeddings = share_embeddings
        self.share_encoder = share_encoder
        self.predictor_input = predictor_input
        self.initial_selection = initial_selection
        self.temperature = temperature
        self.temperature_decay = temperature_decay
        self.learning_rate = learning_rate
        self.predictor_learning_rate = predictor_learning_rate
        self.weight_decay = weight_decay
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.patience = patience
        self.n_iter_no_change = n_iter_no_change
        self.warmup_epochs = warmup_epochs
        self.ramp_epochs = ramp_epochs
        self.validation_fraction = validation_fraction
        self.calibration = calibration
        self.class_weight = class_weight
        self.callbacks = callbacks
        self.warm_start = warm_start
        self.checkpoint_dir = checkpoint_dir
        self.device = device
        self.n_threads = n_threads
        self.precision = precision
        self.memory = memory
        self.random_state = random_state
        self.verbose = verbose

"""What a network is built from: its configuration and its sizes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

VECTORS = "selector.text_encoder.vectors.weight"
LINEAR = "predictor.linear.weights"
BIGRAMS = ("predictor.linear.bigrams.", "selector.prior.bigrams.")
CORRECTION = "selector.correction.weights.weight"
CONFIGURATION, TOKENIZER = "transformer_configuration", "transformer_tokenizer"


class Source(NamedTuple):
    """What a transformer is made of, but for its weights.

    Attributes
    ----------
    configuration : bytes
        JSON as `transformers` writes it.
    tokenizer : bytes
        As :class:`~sklearn_irx.text.PieceTokenizer` takes them.
    """

    configuration: bytes
    tokenizer: bytes


@dataclass(frozen=True)
class NetworkConfig:
    """The parameters of a classifier that its network is built from.

    Attributes
    ----------
    sampler, encoder, predictor, initialization, training, style : Component
        Parts of :mod:`sklearn_irx.components`, which build modules.
    rationale_length : float, "auto" or None
    max_rationale_length : float or None
        As :class:`~sklearn_irx.SelectiveRationaleClassifier` takes them.
    """

    sampler: Any
    encoder: Any
    predictor: Any
    initialization: Any
    training: Any
    style: Any
    rationale_length: float | str | None = None
    max_rationale_length: float | None = None

    @property
    def needs_offsets(self) -> bool:
        """Whether the places of words in their texts must be known."""
        return bool(self.encoder.reads_pieces or self.style.needs_spans)

    @property
    def documents_at_once(self) -> int:
        """The number of documents that are predicted at once."""
        return 32 if self.encoder.reads_pieces else 256


@dataclass(frozen=True)
class NetworkShape:
    """Sizes of a network.

    Attributes
    ----------
    n_words, n_unseen : int
        Words that are learned (padding and unknown word included), and out-of-vocabulary words
        with a pretrained vector.
    vector_size : int
        Dimensions of the word vectors.
    n_classes : int
        Number of classes.
    n_bigrams : int
        Bigrams of the linear path, or of a class-conditional prior.
    unseen_type : {"float16", "float32"}
        Type of the vectors of unseen words.
    source : Source or None
        Of a transformer.
    corrects_selection : bool
        Whether a selector without an encoder has learned from people's rationales.
    """

    n_words: int
    n_unseen: int
    vector_size: int
    n_classes: int
    n_bigrams: int = 0
    unseen_type: str = "float16"
    source: Source | None = None
    corrects_selection: bool = False

    @classmethod
    def of(cls, arrays: dict[str, np.ndarray]) -> NetworkShape:
        """Return the sizes of the network whose arrays these are.

        Raises
        ------
        ValueError
            If arrays are missing or have the wrong number of dimensions.
        """
        vectors, unseen, bias = (
            arrays.get(name) for name in (VECTORS, "unseen", "predictor.output.bias")
        )
        source = None
        if VECTORS not in arrays and CONFIGURATION in arrays and TOKENIZER in arrays:
            source = Source(*(arrays[name].tobytes() for name in (CONFIGURATION, TOKENIZER)))
            vectors = arrays.get(LINEAR, np.empty((2, 0)))[:, :0]
        elif VECTORS not in arrays and LINEAR in arrays:  # without an encoder
            vectors, bias = arrays[LINEAR][:, :0], arrays.get("predictor.bias")
        if vectors is None or vectors.ndim != 2 or unseen is None or unseen.ndim != 2:
            raise ValueError(f"{VECTORS} and unseen must be there, with a row for each word")
        if bias is None or bias.ndim != 1:
            raise ValueError("predictor.output.bias must be there, with an entry for each class")
        bigrams = [arrays[f"{name}bigrams"] for name in BIGRAMS if f"{name}bigrams" in arrays]
        return cls(
            n_words=len(vectors),
            n_unseen=len(unseen),
            vector_size=vectors.shape[1],
            n_classes=len(bias),
            n_bigrams=bigrams[0].size if bigrams else 0,
            unseen_type=unseen.dtype.name,
            source=source,
            corrects_selection=CORRECTION in arrays,
        )

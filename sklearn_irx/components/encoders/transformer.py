"""A pretrained transformer, fine-tuned."""

from __future__ import annotations

import os
from numbers import Integral, Real
from typing import Any, ClassVar

from sklearn_irx._compat import Interval, StrOptions
from sklearn_irx.components.encoders.base import Encoder
from sklearn_irx.nn import transformer
from sklearn_irx.nn.config import Source
from sklearn_irx.nn.pretrained import load_pretrained, load_weights

_NOT_SHAPING = ("learning_rate", "layer_decay", "warmup_share", "accumulation")


class Transformer(Encoder):
    """A pretrained encoder of the `transformers` library, which reads words in context.

    Selector and predictor share it by default. The selector reads the whole document, with
    punctuation; the predictor reads the selected words and nothing else. Documents longer than a
    window are read in windows that overlap. Word vectors are not used, and no word is unknown.

    Parameters
    ----------
    model : str or path-like, default="sentence-transformers/all-MiniLM-L6-v2"
        Name in the Hugging Face hub, or folder with ``config.json``, ``model.safetensors`` and the
        tokenizer. It is read in `fit` alone: a fitted model holds all of it.
    layers : int or "all", default="all"
        The last layers that are trained; 0 trains none. "all" trains the embeddings, too.
    learning_rate : float, default=1e-4
        Of the last layer. Weights on top of the transformer have the learning rate of `training`.
    layer_decay : float, default=0.9
        Factor of the learning rate of each layer, relative to the next one.
    warmup_share : float, default=0.1
        Share of all training steps of `fit` in which the learning rates rise from 0. From there
        they fall to 0 at the last step.
    accumulation : int, default=1
        Batches whose gradients make one step, for steps of many documents in little memory.
    window : int or None, default=None
        Most pieces of words that are read at once, with two for beginning and end. None is as many
        as the model can read, at most 512.
    overlap : int, default=64
        Pieces that a window has in common with the next, at least.
    dropout : float, default=0.1
        Share of the features of a rationale that is dropped. The transformer has its own dropout,
        except in its attention.

    Notes
    -----
    Families are ALBERT, BERT, CamemBERT, DeBERTa, DistilBERT, ELECTRA, ERNIE, ModernBERT, MPNet,
    RoBERTa and XLM-RoBERTa. No code of a model's is ever run. Needs the extra `transformers`.

    A word is always cut into the same pieces, and the features of a word are the mean of those of
    its pieces. At most 16 pieces of a word are read, and 4 of the signs after it. The first DeBERTa
    has 32 bits, whatever the `precision` of training.

    References
    ----------
    J. Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language
    Understanding", NAACL 2019. J. Howard and S. Ruder, "Universal Language Model Fine-tuning for
    Text Classification", ACL 2018, for learning rates by layer that rise and fall.

    Examples
    --------
    >>> from sklearn_irx import SelectiveRationaleClassifier
    >>> from sklearn_irx.components import Transformer
    >>> clf = SelectiveRationaleClassifier(encoder=Transformer("path/of/a/model", layers=2))
    >>> clf.set_params(encoder__learning_rate=5e-5).encoder.learning_rate
    5e-05
    """

    needs_vectors = False
    reads_pieces = True

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "model": [str, os.PathLike],
        "layers": [Interval(Integral, 0, None, closed="left"), StrOptions({"all"})],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "layer_decay": [Interval(Real, 0, 1, closed="right")],
        "warmup_share": [Interval(Real, 0, 1, closed="left")],
        "accumulation": [Interval(Integral, 1, None, closed="left")],
        "window": [Interval(Integral, 8, None, closed="left"), None],
        "overlap": [Interval(Integral, 0, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
    }

    def __init__(
        self,
        model: Any = "sentence-transformers/all-MiniLM-L6-v2",
        *,
        layers: int | str = "all",
        learning_rate: float = 1e-4,
        layer_decay: float = 0.9,
        warmup_share: float = 0.1,
        accumulation: int = 1,
        window: int | None = None,
        overlap: int = 64,
        dropout: float = 0.1,
    ) -> None:
        self.model = model
        self.layers = layers
        self.learning_rate = learning_rate
        self.layer_decay = layer_decay
        self.warmup_share = warmup_share
        self.accumulation = accumulation
        self.window = window
        self.overlap = overlap
        self.dropout = dropout

    def shaping_params(self) -> dict[str, Any]:
        """Return the parameters that must be equal for one network to load another's weights."""
        params = super().shaping_params()
        return {name: value for name, value in params.items() if name not in _NOT_SHAPING}

    def source(self) -> Source:
        """Read configuration and tokenizer; raise ValueError if they cannot be read."""
        return load_pretrained(os.fspath(self.model))

    def build_transformer(self, source: Source, precision: str) -> transformer.Transformer:
        """Build the module, with weights yet to be loaded."""
        return transformer.Transformer(
            source,
            layers=None if isinstance(self.layers, str) else self.layers,
            window=self.window,
            overlap=self.overlap,
            precision=precision,
        )

    def load_weights(self, module: transformer.Transformer) -> None:
        """Load the pretrained weights; raise ValueError if they cannot be read."""
        load_weights(os.fspath(self.model), module.model)

    def parameter_groups(self, module: transformer.Transformer) -> list[tuple[str, dict[str, Any]]]:
        """Return the learning rate of each layer, as patterns of names for skorch."""
        name, layers = transformer.layers_of(module.model)
        groups: list[tuple[str, dict[str, Any]]] = []
        rate = self.learning_rate
        for number in reversed(range(len(layers))):
            pattern = f"*.transformer.model.{name}.{number}.*"
            groups.append((pattern, {"lr": rate, "name": f"layer {number}"}))
            rate *= self.layer_decay
        return [*groups, ("*.transformer.*", {"lr": rate, "name": "embeddings"})]

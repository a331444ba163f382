"""Ways to read the words of a document in their context, one file each."""

from sklearn_irx.components.encoders.cnn import ConvolutionalEncoder
from sklearn_irx.components.encoders.rnn import RecurrentEncoder
from sklearn_irx.nn.encoder import Encoder

ENCODERS: dict[str, type[Encoder]] = {"cnn": ConvolutionalEncoder, "rnn": RecurrentEncoder}

__all__ = ["ENCODERS", "ConvolutionalEncoder", "Encoder", "RecurrentEncoder"]

"""Names and notes of the cases of an exchange, as figures and tables have them."""

from __future__ import annotations

from sklearn_irx.exchange import CASES, LEARNED, RULES

CASE_LABELS = {
    "agree": "agreed",
    "convinced_2": "model 2 convinced",
    "convinced_1": "model 1 convinced",
    "confidence_1": "model 1 more confident",
    "confidence_2": "model 2 more confident",
    "convinced": "most convinced",
    "mean": "by mean",
    "product": "by product",
    "vote": "by vote",
    "consensus": "by consensus",
    "learned": "by referee",
    "confidence": "by confidence",
}
"""How each case is called in figures."""

ALL_CASES = (*CASES, *RULES, LEARNED, "confidence")

NOTE_PAIR = (
    "Right: accuracy of both interacting, and of each model alone. convinced_2: model 1's words "
    "convinced model 2, and not the other way round; convinced_1: the reverse; confidence: neither "
    "or both, and the more confident model decided."
)
NOTE_COMMITTEE = (
    "Right: accuracy of all interacting, and of each model alone. The case is the rule that "
    "decided between the models, or confidence where it was undecided: then the most confident "
    "model decided."
)

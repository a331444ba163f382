"""Losses of a rationale: length and transitions (Lei et al., 2016), and what people marked."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812


def n_selected(mask: torch.Tensor) -> torch.Tensor:
    """Sum a mask (batch, length) over the words of each document: (batch,)."""
    return mask.sum(dim=1)


def n_transitions(mask: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    """Count the transitions between selected and unselected words of each document: (batch,).

    `mask` (batch, length) is in [0, 1]. The end of a document, where `words` become False, is none.
    """
    steps = (mask[:, 1:] - mask[:, :-1]).abs() * words[:, 1:]
    return steps.sum(dim=1)


def n_spans(mask: torch.Tensor) -> torch.Tensor:
    """Count the runs of selected words of each document, (batch,), in a hard mask."""
    selected = mask > 0
    return selected[:, :1].sum(dim=1) + (selected[:, 1:] & ~selected[:, :-1]).sum(dim=1)


def rationale_loss(
    preference: torch.Tensor,
    marks: torch.Tensor,
    selectable: torch.Tensor,
    weight: torch.Tensor | None = None,
) -> torch.Tensor:
    """Compute the cross-entropy of the selection of words and what people marked, in nats.

    In each document, the mean over marked words and the mean over others count half each, or all
    where there is only one kind. Where there are both, log-odds are those above the middle of the
    two means of them: so which words are marked is learned, and not how many; the length of
    rationales is asked for elsewhere.

    Parameters
    ----------
    preference : Tensor of shape (batch, length)
        Log-odds of being selected.
    marks : Tensor of shape (batch, length), dtype int
        1 for marked words, 0 for others, -1 in documents of which it is not known, and past the
        end.
    selectable : Tensor of shape (batch, length), dtype bool
        Words that may be selected; others do not count.
    weight : Tensor of shape (batch,), default=None
        Sample weights.

    Returns
    -------
    loss : Tensor of shape ()
        The mean over documents of which it is known, 0 without any.
    """
    marked = marks == 1
    kinds = torch.stack([marked & selectable, (marks == 0) & selectable])
    n_words = kinds.sum(dim=2)
    n_kinds = (n_words > 0).sum(dim=0)

    def mean(values: torch.Tensor) -> torch.Tensor:
        """Return the mean over both kinds of words, which count half each, (batch,)."""
        means = (values * kinds).sum(dim=2) / n_words.clamp(min=1)
        return means.sum(dim=0) / n_kinds.clamp(min=1)

    middle = mean(preference) * (n_kinds == 2)
    centred = preference - middle.unsqueeze(1)
    targets = marked.to(centred.dtype)
    losses = F.binary_cross_entropy_with_logits(centred, targets, reduction="none")
    of_documents = mean(losses)
    if weight is not None:
        of_documents = of_documents * weight
    return of_documents.sum() / (n_kinds > 0).sum().clamp(min=1)

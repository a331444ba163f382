"""Adam by rows."""

from copy import deepcopy

import pytest
import torch

from sklearn_irx.nn.training.optimizer import RowAdam


def steps(optimizer, table, weight, batches, sparse):
    """Go down a slope, the rows of each batch looked up in a table."""
    for rows in batches:
        optimizer.zero_grad()
        seen = torch.nn.functional.embedding(torch.tensor(rows), table, sparse=sparse)
        ((seen * weight).square().sum() + seen.sum()).backward()
        optimizer.step()


def made(weight_decay=0.1):
    generator = torch.Generator().manual_seed(0)
    table = torch.nn.Parameter(torch.randn(6, 3, generator=generator))
    weight = torch.nn.Parameter(torch.randn(3, generator=generator))
    options = {"lr": 0.1, "weight_decay": weight_decay}
    return table, weight, options


def test_where_all_rows_occur_it_is_adam():
    batches = [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, 0, 0, 3]] * 3
    table, weight, options = made()
    steps(RowAdam([table, weight], **options), table, weight, batches, sparse=True)
    table_, weight_, _ = made()
    steps(torch.optim.Adam([table_, weight_], **options), table_, weight_, batches, sparse=False)
    torch.testing.assert_close(table, table_)
    torch.testing.assert_close(weight, weight_)


def test_rows_that_do_not_occur_stay_as_they_are():
    table, weight, options = made()
    before = table.detach().clone()
    steps(RowAdam([table, weight], **options), table, weight, [[1, 4], [4]] * 2, sparse=True)
    moved = (table != before).any(dim=1)
    assert moved.tolist() == [False, True, False, False, True, False]


def test_the_step_gives_what_its_closure_gives_and_leaves_gradients_to_look_at():
    table, weight, options = made()
    optimizer = RowAdam([table, weight], **options)

    def closure():
        optimizer.zero_grad()
        loss = torch.nn.functional.embedding(torch.tensor([2]), table, sparse=True).sum()
        loss = loss + weight.sum()
        loss.backward()
        return loss

    expected = table[2].sum().item() + weight.sum().item()
    assert optimizer.step(closure).item() == pytest.approx(expected)
    assert table.grad.is_sparse
    assert weight.grad is not None


def test_training_goes_on_from_a_saved_state():
    batches = [[0, 1], [1, 5], [2, 1]]
    table, weight, options = made()
    optimizer = RowAdam([table, weight], **options)
    steps(optimizer, table, weight, batches, sparse=True)
    table_, weight_ = (torch.nn.Parameter(p.detach().clone()) for p in (table, weight))
    again = RowAdam([table_, weight_], **options)
    again.load_state_dict(deepcopy(optimizer.state_dict()))
    for pair, which in (((table, weight), optimizer), ((table_, weight_), again)):
        steps(which, *pair, batches, sparse=True)
    torch.testing.assert_close(table, table_)

"""Plots are judged by what their artists hold, not by pixels."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from sklearn_irx import RejectOption
from sklearn_irx.exchange import CASES
from sklearn_irx.inspection import (
    AccuracyLengthDisplay,
    GlobalRationalesDisplay,
    InteractionFlowDisplay,
    RationaleLengthDisplay,
    ReliabilityDisplay,
    RiskCoverageDisplay,
    TrainingHistoryDisplay,
)
from sklearn_irx.inspection._flow import count_flow, lay_out
from sklearn_irx.metrics import (
    area_under_risk_coverage,
    expected_calibration_error,
    global_rationales,
    rationale_length_scorer,
    risk_coverage_curve,
)
from tests.exchanges import exchange_of_labels

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")


@pytest.fixture(autouse=True)
def plt():
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield plt
    plt.close("all")


@pytest.fixture
def ax(plt):
    return plt.subplots()[1]


EXCHANGE = exchange_of_labels(
    [["a", "a", "b", "a", "b"], ["a", "b", "a", "b", "a"]],
    ["agree", "convinced_2", "convinced_1", "confidence_1", "convinced_2"],
    ["a", "a", "a", "a", "b"],
    cases=CASES[:-1],
)
TRUTH = np.array(["a", "a", "a", "b", "a"])


def test_lengths_are_counted():
    masks = np.array([[True, True, False], [True, False, False], [False] * 3, [True, True, False]])
    display = RationaleLengthDisplay.from_predictions(masks, name="mine")
    assert [bar.get_height() for bar in display.bars_] == [1, 1, 2]
    assert [bar.get_center()[0] for bar in display.bars_] == [0, 1, 2]
    assert list(display.mean_line_.get_xdata()) == [1.25, 1.25]
    assert display.ax_.get_xlabel() == "selected words"
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["mean: 1.2", "mine"]


def test_many_lengths_share_bars():
    display = RationaleLengthDisplay(np.array([0, 79, 79])).plot()
    assert len(display.bars_) == 40
    assert [display.bars_[place].get_height() for place in (0, 1, 39)] == [1, 0, 2]


def test_lengths_of_an_estimator(fitted, reviews, ax):
    display = RationaleLengthDisplay.from_estimator(fitted, reviews[0], ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert sum(bar.get_height() for bar in display.bars_) == len(reviews[0])
    np.testing.assert_array_equal(display.lengths, fitted.transform(reviews[0]).sum(axis=1))


def test_reliability_is_that_of_the_metric(pair, reviews):
    texts, y, _ = reviews
    display = ReliabilityDisplay.from_estimator(pair, texts, y, n_bins=10)
    proba = pair.predict_proba(texts)
    wanted = expected_calibration_error(y, proba, labels=pair.classes_, n_bins=10)
    assert display.ece == pytest.approx(wanted)
    assert display.n_documents.sum() == len(texts)
    np.testing.assert_array_equal(display.line_.get_xdata(), display.confidence)
    np.testing.assert_array_equal(display.line_.get_ydata(), display.accuracy)
    assert sum(bar.get_height() for bar in display.bars_) == pytest.approx(1)
    assert f"ECE {wanted:.3f}" in display.line_.get_label()


def test_reliability_by_hand():
    probabilities = [[0.75, 0.25], [0.75, 0.25], [0.5, 0.5], [0.0, 1.0]]
    y_true = ["x", "y", "x", "y"]
    display = ReliabilityDisplay.from_predictions(y_true, probabilities, n_bins=4, color="red")
    assert display.confidence.tolist() == [0.5, 0.75, 1.0]
    assert display.accuracy.tolist() == [1.0, 0.5, 1.0]
    assert display.n_documents.tolist() == [1, 2, 1]
    assert display.ece == pytest.approx((0.5 + 2 * 0.25) / 4)
    assert display.line_.get_color() == "red"
    with pytest.raises(ValueError, match="n_bins=0"):
        ReliabilityDisplay.from_predictions(y_true, probabilities, n_bins=0)


def test_a_flow_counts_documents_by_hand():
    display = InteractionFlowDisplay.from_predictions(TRUTH, EXCHANGE, agreed=True)
    assert display.before == ["both right", "only model 1 right", "only model 2 right",
                              "neither right"]  # fmt: skip
    assert display.cases == ["agree", "convinced_2", "convinced_1", "confidence_1"]
    counts = {tuple(place): display.counts[tuple(place)] for place in np.argwhere(display.counts)}
    right, wrong = 0, 1
    assert counts == {
        (0, 0, right): 1, (1, 1, right): 1, (2, 2, right): 1, (2, 3, wrong): 1, (2, 1, wrong): 1,
    }  # fmt: skip
    texts = [text.get_text() for text in display.texts_]
    assert "model 2 convinced: 2" in texts
    assert {"right: 3", "wrong: 2"} <= set(texts)
    assert len(display.ribbons_) == 5 + 5
    assert len(display.nodes_) == 3 + 4 + 2


def test_a_flow_leaves_out_what_was_agreed_on(pair, reviews):
    texts, y, _ = reviews
    display = InteractionFlowDisplay.from_estimator(pair, texts, y)
    happened = pair.interact(texts)
    n_disputed = (happened["case"] != "agree").sum()
    assert display.counts.sum() == len(texts)
    assert display.cases == list(CASES)
    texts_ = [text.get_text() for text in display.texts_]
    assert not any(text.startswith("agreed") for text in texts_)
    shown = dict(text.rsplit(": ", 1) for text in texts_)
    assert int(shown["right"]) + int(shown["wrong"]) == n_disputed
    assert f"{len(texts) - n_disputed:,} documents" in display.ax_.get_title()
    # Heights are numbers of documents.
    heights = {text: bar.get_height() for text, bar in zip(texts_, display.nodes_, strict=True)}
    right, wrong = (next(h for t, h in heights.items() if t.startswith(w)) for w in ("ri", "wr"))
    assert right / wrong == pytest.approx(int(shown["right"]) / int(shown["wrong"]))


def test_ribbons_stay_within_their_bars(committee, reviews):
    display = InteractionFlowDisplay.from_estimator(committee, *reviews[:2], agreed=True)
    bars = [(bar.get_x(), bar.get_y(), bar.get_y() + bar.get_height()) for bar in display.nodes_]
    assert all(-1e-9 <= top < bottom <= 1 + 1e-9 for _, top, bottom in bars)
    for ribbon in display.ribbons_:
        ends = ribbon.get_path().vertices[[0, 7]]  # its left end
        assert any(
            top - 1e-9 <= ends[:, 1].min() and ends[:, 1].max() <= bottom + 1e-9
            for x, top, bottom in bars
            if x <= ends[0, 0]
        )
    assert "3 of 3 right" in display.before


def test_a_flow_of_nothing_disputed_can_be_drawn():
    display = InteractionFlowDisplay.from_predictions(TRUTH[:1], EXCHANGE[:1])
    assert display.ribbons_ == []


def test_a_flow_needs_an_ensemble_and_labels(fitted, pair, reviews):
    with pytest.raises(TypeError, match="SelectiveRationaleClassifier exchanges nothing"):
        InteractionFlowDisplay.from_estimator(fitted, *reviews[:2])
    with pytest.raises(ValueError, match=r"y_true has shape \(1,\): give one label for each of"):
        InteractionFlowDisplay.from_estimator(pair, reviews[0], reviews[1][:1])


def test_the_history_of_a_training(fitted):
    display = TrainingHistoryDisplay.from_estimator(fitted, name="mine")
    assert set(display.lines_) == {
        f"{part}_{what}" for part in ("train", "valid") for what in ("loss", "accuracy", "words")
    }
    for name, line in display.lines_.items():
        np.testing.assert_array_equal(line.get_ydata(), fitted.history_[name])
        assert line.get_xdata().tolist() == [1, 2]
    kept = 1 + np.flatnonzero(fitted.history_["best"])[-1]
    assert [line.get_xdata()[0] for line in display.best_lines_] == [kept] * 3
    assert display.figure_.get_suptitle() == "mine"


def test_a_history_without_texts_held_out(plt):
    axes = plt.subplots(1, 3)[1]
    nothing = np.full(3, np.nan)
    history = {"train_loss": np.array([3.0, 2.0, 1.0]), "valid_loss": nothing}
    display = TrainingHistoryDisplay.from_history(history, ax=axes)
    assert set(display.lines_) == {"train_loss"}
    assert display.best_lines_ == []
    assert display.ax_[0] is axes[0]


def test_wrong_calls_of_a_history(pair, fitted, ax):
    with pytest.raises(ValueError, match="estimator=InteractiveEnsemble has no history_"):
        TrainingHistoryDisplay.from_estimator(pair)
    with pytest.raises(ValueError, match="give three axes"):
        TrainingHistoryDisplay.from_estimator(fitted, ax=ax)


def test_accuracy_against_length_of_a_search(ax):
    results = {
        "param_lambda1": np.array([0.1, 0.2, 0.3]),
        "mean_test_accuracy": np.array([0.9, 0.8, 0.85]),
        "std_test_accuracy": np.array([0.01, 0.02, 0.03]),
        "mean_test_words": np.array([20.0, 10.0, 25.0]),
    }
    display = AccuracyLengthDisplay.from_cv_results(results, parameter="lambda1", ax=ax)
    assert display.ax_ is ax
    assert display.points_.get_xdata().tolist() == [20, 10, 25]
    assert display.points_.get_ydata().tolist() == [0.9, 0.8, 0.85]
    assert display.frontier_line_.get_xdata().tolist() == [10, 20]  # 25 words buy nothing
    assert [text.get_text() for text in display.texts_] == ["0.1", "0.2", "0.3"]
    said = (
        "length='spans' is not among the scores of the search, accuracy, words: give one of these"
    )
    with pytest.raises(ValueError, match=said):
        AccuracyLengthDisplay.from_cv_results(results, length="spans")
    with pytest.raises(ValueError, match=r"accuracy='accuracy' is not .*score: .*length_scorer"):
        AccuracyLengthDisplay.from_cv_results({"mean_test_score": np.array([0.5])})
    with pytest.raises(ValueError, match="parameter='lambda2' was not searched: give one of"):
        AccuracyLengthDisplay.from_cv_results(results, parameter="lambda2")


@pytest.mark.parametrize("called", ["length", "words", "rationale_length"])
def test_accuracy_against_length_of_a_search_that_was_run(called, fitted, reviews, ax):
    texts, y, _ = reviews
    search = GridSearchCV(
        fitted,
        {"lambda1": [0.001, 0.05]},
        scoring={"accuracy": "accuracy", called: rationale_length_scorer},
        refit="accuracy",
        cv=[(np.arange(100), np.arange(100, 140))],
    ).fit(texts, y)
    display = AccuracyLengthDisplay.from_cv_results(search.cv_results_, ax=ax)
    for place, lambda1 in enumerate([0.001, 0.05]):
        model = clone(fitted).set_params(lambda1=lambda1).fit(texts[:100], y[:100])
        masks = model.transform(texts[100:140])
        assert display.length[place] == pytest.approx(masks.sum() / 40)
        assert display.accuracy[place] == pytest.approx(model.score(texts[100:140], y[100:140]))


def test_accuracy_against_length_of_estimators(fitted, other, reviews):
    texts, y, _ = reviews
    models = {"$one$": fitted, "two": other}
    display = AccuracyLengthDisplay.from_estimator(models, texts, y, name="test texts")
    for place, model in enumerate(models.values()):
        assert display.accuracy[place] == pytest.approx(model.score(texts, y))
        assert display.length[place] == pytest.approx(model.transform(texts).sum(axis=1).mean())
    assert [text.get_text() for text in display.texts_] == [r"\$one\$", "two"]
    with pytest.raises(ValueError, match=r"predictions\['m'\] has 1 labels and y_true 2"):
        AccuracyLengthDisplay.from_predictions(["a", "b"], {"m": (["a"], np.ones((1, 1), bool))})
    one = AccuracyLengthDisplay.from_estimator(fitted, texts, y)
    assert list(one.labels) == ["SelectiveRationaleClassifier"]


def test_a_display_can_be_drawn_again_and_changes_no_settings(plt):
    before = dict(matplotlib.rcParams)
    display = RationaleLengthDisplay(np.array([1, 2, 2])).plot()
    first = display.ax_
    assert display.plot(name="again") is display
    assert display.ax_ is not first
    assert dict(matplotlib.rcParams) == before


def test_importing_displays_imports_no_matplotlib(subprocess_environment):
    program = (
        "import sys, sklearn_irx.inspection\n"
        "print([name for name in ('matplotlib', 'jinja2', 'torch') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=subprocess_environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    for draw in (
        lambda: RationaleLengthDisplay(np.array([1])).plot(),
        lambda: TrainingHistoryDisplay({}).plot(),
    ):
        with pytest.raises(ImportError, match=r'pip install "sklearn-irx\[plot\]"'):
            draw()


def test_ribbons_are_stacked_in_the_order_of_where_they_go(committee, reviews):
    texts, y, _ = reviews
    nodes, ribbons = lay_out(count_flow(committee.exchange(texts), y))
    assert sum(node.count for node in nodes if node.stage == 0) == len(texts)
    for side, other in (("from", "to"), ("to", "from")):
        places = [
            (getattr(ribbon, f"x_{side}"), getattr(ribbon, f"top_{side}"),
             getattr(ribbon, f"bottom_{side}"), getattr(ribbon, f"top_{other}"))
            for ribbon in ribbons
        ]  # fmt: skip
        for node in nodes:
            stacked = sorted(
                (top, bottom, goes)
                for x, top, bottom, goes in places
                if abs(x - node.x) < 0.05
                and node.top - 1e-9 <= top
                and bottom <= node.bottom + 1e-9
            )
            for (_, bottom, goes), (top, _, next_goes) in itertools.pairwise(stacked):
                assert top == pytest.approx(bottom)  # side by side, none over another
                assert goes < next_goes
            if stacked:
                filled = stacked[-1][1] - stacked[0][0]
                assert filled == pytest.approx(node.bottom - node.top)


WORDS = {
    "word": np.array(["ants", "sirens", "$x$", "crumbs"]),
    "label": np.array(["dirt", "noise", "noise", "dirt"]),
    "shown": np.array([9, 5, 4, 3]),
    "decisive": np.array([4, 0, 1, 2]),
}


def test_words_are_drawn_class_by_class(ax):
    display = GlobalRationalesDisplay.from_table(WORDS, ax=ax)
    assert display.ax_ is ax
    assert [text.get_text() for text in ax.texts] == ["dirt", "noise"]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [
        "ants", "crumbs", "sirens", r"\$x\$",
    ]  # fmt: skip
    assert [bar.get_width() for bar in display.shown_] == [9, 3, 5, 4]
    assert [bar.get_width() for bar in display.decisive_] == [4, 2, 0, 1]
    places = [bar.get_center()[1] for bar in display.shown_]
    assert places == [1, 2, 4, 5]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]


def test_some_words_of_some_classes_are_drawn():
    display = GlobalRationalesDisplay.from_table(WORDS, n_words=1, labels=["noise"])
    assert [bar.get_width() for bar in display.shown_] == [5]
    empty = GlobalRationalesDisplay.from_table({name: of[:0] for name, of in WORDS.items()})
    assert len(empty.shown_) == 0
    with pytest.raises(ValueError, match=r"labels holds 'food', of which .* \['dirt', 'noise'\]"):
        GlobalRationalesDisplay.from_table(WORDS, labels=["food"])
    with pytest.raises(ValueError, match="n_words=0"):
        GlobalRationalesDisplay.from_table(WORDS, n_words=0)


def test_words_of_an_estimator_are_those_of_the_table(fitted, reviews):
    display = GlobalRationalesDisplay.from_estimator(fitted, reviews[0][300:], n_words=5)
    table = global_rationales(fitted, reviews[0][300:])
    for name, column in table.items():
        assert display.table[name].tolist() == column.tolist()
    assert len(display.shown_) == sum(
        min(5, (table["label"] == label).sum()) for label in set(table["label"])
    )


def test_risk_coverage_of_all_signals(pair, fitted, reviews, ax):
    texts, y, _ = reviews
    display = RiskCoverageDisplay.from_estimator(pair, texts, y, ax=ax)
    assert display.ax_ is ax
    assert list(display.lines_) == ["confidence", "agreement", "case"]
    right = pair.predict(texts) == y
    for signal, line in display.lines_.items():
        option = RejectOption(pair, coverage=0.8, signal=signal).fit(texts, y)
        curve = risk_coverage_curve(right, option.signal_scores(texts))
        np.testing.assert_array_equal(line.get_xydata(), np.column_stack(curve[:2]))
        area = area_under_risk_coverage(right, option.signal_scores(texts))
        assert line.get_label() == f"{signal} (AURC {area:.3f})"
    assert display.reference_line_.get_ydata()[0] == pytest.approx(1 - right.mean())
    again = RiskCoverageDisplay.from_estimator(option, texts, y)
    assert again.areas == display.areas
    single = RiskCoverageDisplay.from_estimator(fitted, texts, y, color="red")
    assert list(single.lines_) == ["confidence"]
    assert single.lines_["confidence"].get_color() == "red"


def test_risk_coverage_draws_names_literally():
    right = [True, False, True]
    display = RiskCoverageDisplay.from_predictions(right, {"$x$": [0.3, 0.2, 0.1]})
    assert display.lines_["$x$"].get_label().startswith(r"\$x\$ (AURC")
    assert list(RiskCoverageDisplay.from_predictions(right, [3, 2, 1]).lines_) == ["score"]
    with pytest.raises(ValueError, match="scores has shape"):
        RiskCoverageDisplay.from_predictions(right, [0.1])

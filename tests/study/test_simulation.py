"""Annotators that are models, and how many documents a study needs."""

import re

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from sklearn_irx.study import analyse_study, power_table, simulate_annotators, train_readers
from sklearn_irx.study._showing import as_text


@pytest.fixture(scope="module")
def readers(reviews):
    texts, y, _ = reviews
    return train_readers(texts[:80], y[:80], shares=(1.0, 0.3))


def test_readers_differ_in_strength(readers, unseen):
    texts, y = unseen
    assert all(isinstance(reader, Pipeline) for reader in readers.values())
    strong, weak = (reader.score(texts, y) for reader in readers.values())
    assert strong > weak > 1 / 3


def test_readers_answer_what_they_make_of_the_words_shown(make_study, readers):
    study = make_study(annotators=["Ada"], n_attention_checks=2)
    simulate_annotators(study, readers)
    answers = study.answers()
    name, reader = next(iter(readers.items()))
    mine = answers[answers["annotator"] == name]
    assert mine["answered"].all()
    assert not answers.loc[answers["annotator"] == "Ada", "answered"].any()
    pages = study.pages(2)
    for page, row in zip(pages, mine.itertuples(), strict=True):
        words = as_text(page.shown).replace("…", " ")
        if row.kind == "attention":
            assert (row.label, row.confidence) == (row.truth, 3)
        elif not words.strip():
            assert row.unreadable
        else:
            said = reader.predict_proba([words])[0]
            assert row.label == str(reader.classes_[said.argmax()])
            share = (said.max() - 1 / 3) / (2 / 3)
            assert row.confidence == min(3, int(4 * share))


def test_a_stronger_reader_is_more_often_right(make_study, readers):
    study = make_study(annotators=0, controls=["full_text"])
    simulate_annotators(study, readers)
    found = analyse_study(study, n_resamples=50).by_annotator
    whole = found[(found["case"] == "all") & (found["kind"] == "full_text")]
    strong, weak = whole["accuracy"]
    assert strong > weak
    assert strong > 1 / 3


def test_lapses_are_answers_by_chance(make_study, readers):
    study = make_study(annotators=0, n_practice=0)
    simulate_annotators(study, {"asleep": next(iter(readers.values()))}, lapse=1.0)
    answers = study.answers()
    assert 0.1 < answers["right"].mean() < 0.6
    assert set(answers["confidence"]) == {0, 1, 2, 3}


def test_the_same_seed_gives_the_same_answers(make_study, readers):
    def labels():
        study = make_study(annotators=0)
        simulate_annotators(study, readers, lapse=0.3, random_state=4)
        return study.answers()["label"].tolist()

    assert labels() == labels()


def test_wrong_readers_are_refused_before_anybody_is_added(make_study, readers, reviews):
    study = make_study(annotators=0)
    texts, _, _ = reviews
    other = train_readers(texts[:60], np.arange(60) % 3, shares=(1.0,))
    with pytest.raises(ValueError, match="knows the classes"):
        simulate_annotators(study, {**readers, **other})
    with pytest.raises(ValueError, match="lapse=2"):
        simulate_annotators(study, readers, lapse=2)
    assert not study.annotators
    with pytest.raises(ValueError, match=re.escape("shares has 0.02, which leaves 2 of 80")):
        train_readers(texts[:80], np.arange(80) % 3, shares=(0.02,))
    with pytest.raises(ValueError, match=r"shares has 1\.2"):
        train_readers(texts, np.arange(len(texts)) % 3, shares=(1.2,))


def test_power_grows_with_documents_and_differences(make_study, readers):
    study = make_study(annotators=0)
    simulate_annotators(study, readers, lapse=0.2)
    power = power_table(
        study, differences=[0.001, 0.2, 0.5], n_documents=[10, 40, 160], n_simulations=400
    )
    assert power.shape == (3, 3)
    assert (np.diff(power.to_numpy()[:, 1]) > 0).all()
    assert (np.diff(power.to_numpy(), axis=1) >= 0).all()
    # Next to no difference is found as often as alpha says.
    assert power[0.001].between(0, 0.1).all()
    assert power.loc[160, 0.5] > 0.95
    again = power_table(
        study, differences=[0.001, 0.2, 0.5], n_documents=[10, 40, 160], n_simulations=400
    )
    assert power.equals(again)


def test_differences_that_cannot_be_have_no_power(make_study, readers):
    study = make_study(annotators=0)
    simulate_annotators(study, readers)
    answers = study.answers()
    asked = answers["kind"].isin(["selected", "not_selected"]) & (answers["phase"] == "main")
    accuracy = answers.loc[asked, "right"].mean()
    impossible = min(0.99, 2 * min(accuracy, 1 - accuracy) + 0.02)
    power = power_table(study, differences=[0.1, impossible], n_documents=[20], n_simulations=50)
    assert power[0.1].notna().all()
    assert power[impossible].isna().all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"differences": [0]}, "differences has 0"),
        ({"n_documents": [1]}, "n_documents has 1"),
        ({"alpha": 5}, "alpha=5"),
        ({"n_simulations": 0}, "n_simulations=0"),
    ],
)
def test_wrong_plans_are_refused(make_study, wrong, message):
    with pytest.raises(ValueError, match=message):
        power_table(make_study(), **wrong)


def test_power_needs_answers_to_both_rationales(make_study, fitted):
    with pytest.raises(ValueError, match="holds no two documents"):
        power_table(make_study())
    with pytest.raises(ValueError, match="holds no two documents"):
        power_table(make_study(fitted, per_case=4))

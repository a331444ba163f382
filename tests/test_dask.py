"""Models on a cluster of Dask: processes of their own, which are killed now and then."""

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score

from sklearn_irx import InteractiveEnsemble, RejectOption, bulk, save
from sklearn_irx import dask as irx_dask

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

pytestmark = [
    # Of Dask itself: sockets and loops that it leaves to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]


@pytest.fixture(scope="module")
def cluster():
    """Two processes of two threads each, started anew when they are killed."""
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "60s"}),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=2, processes=True, dashboard_address=":0",
        ) as cluster,
    ):  # fmt: skip
        yield cluster


@pytest.fixture(scope="module")
def client(cluster):
    with distributed.Client(cluster) as client:
        client.run(_import)
        yield client


def _import():
    import torch  # so that no test waits for it

    import sklearn_irx.ensemble.pair  # noqa: F401

    return torch.get_num_threads()


@pytest.fixture(scope="module")
def both(fitted, other, reviews):
    return InteractiveEnsemble(fitted, other).fit(reviews[0][:10])


class Counted:
    """A model that notes in a folder, on each worker, that it was unpickled, and its threads."""

    def __init__(self, model, folder):
        self.model = model
        self.folder = Path(folder)
        self.classes_ = model.classes_

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.note("unpickled")

    def note(self, what):
        (self.folder / f"{what}-{os.getpid()}-{time.time_ns()}").touch()

    def notes(self, what):
        """Count the notes of each process."""
        found = (path.name.split("-") for path in self.folder.iterdir())
        return Counter(int(pid) for name, pid, _ in found if name == what)

    def explain(self, texts):
        self.note("asked")
        return self.model.explain(texts)

    def predict(self, texts):
        self.note("asked")
        return self.model.predict(texts)


class Threads(Counted):
    """Says with how many threads torch would compute."""

    def predict(self, texts):
        import torch

        from sklearn_irx.nn.isolation import threads

        with threads(7):  # as a model asks that was trained so
            self.note(f"threads{torch.get_num_threads()}")
        return np.array(["x"] * len(texts))


@pytest.mark.parametrize("which", ["fitted", "both"])
def test_a_data_frame_gets_what_the_model_says(which, client, reviews, request):
    import dask.dataframe as dd

    model = request.getfixturevalue(which)
    texts = reviews[0][300:340]
    column = pd.Series(texts, index=np.arange(40) * 3, name="text")
    X = dd.from_pandas(column, npartitions=4)
    labels = irx_dask.predict(model, X).compute()
    assert labels.tolist() == model.predict(texts).tolist()
    assert labels.index.tolist() == column.index.tolist()
    masks = irx_dask.transform(model, X)
    assert np.array_equal(masks.compute(), model.transform(texts))
    found = irx_dask.explain(model, X)
    frame = found.compute()
    assert list(found.columns) == list(frame.columns)
    assert found.dtypes.astype(str).tolist() == frame.dtypes.astype(str).tolist()
    rationales = model.explain(texts)
    assert frame["rationale"].tolist() == [r.excerpt() for r in rationales]
    assert np.allclose(frame["confidence"], [r.confidence for r in rationales], atol=1e-5)
    assert pd.io.json.ujson_loads(frame["spans"].iloc[0]) == list(
        map(list, rationales[0].selected_spans)
    )
    if which == "both":
        assert frame["case"].tolist() == [r.case for r in rationales]
        agreed = frame["case_text"] == "Both models predict the same label."
        assert agreed.tolist() == (frame["case"] == "agree").tolist()


@pytest.mark.parametrize("numbers", [False, True])
def test_a_data_frame_says_what_is_not_answered(numbers, client, small, reviews):
    import dask.dataframe as dd

    texts, y, _ = reviews
    y = np.unique(y, return_inverse=True)[1] if numbers else y
    option = RejectOption(small(training__max_epochs=1), coverage=0.5, random_state=0)
    option.fit(texts[:150], y[:150])
    X = dd.from_pandas(pd.Series(texts[300:340]), npartitions=4)
    labels = irx_dask.predict(option, X)
    wanted, accepted = option.predict(texts[300:340]), option.accepts(texts[300:340])
    found = labels.compute()
    assert labels.dtype == found.dtype
    assert found.isna().tolist() == (~accepted).tolist()
    assert found[accepted].tolist() == wanted[accepted].tolist()
    frame = irx_dask.explain(option, X)
    assert frame.dtypes.tolist() == frame.compute().dtypes.tolist()
    assert frame["abstained"].compute().tolist() == (~accepted).tolist()


def test_a_bag_gets_what_the_model_says(client, both, reviews):
    import dask.bag as db

    texts = reviews[0][300:330]
    X = db.from_sequence(texts, npartitions=3)
    assert irx_dask.predict(both, X).compute() == both.predict(texts).tolist()
    assert np.array_equal(np.stack(irx_dask.transform(both, X).compute()), both.transform(texts))
    for found, rationale in zip(irx_dask.explain(both, X), both.explain(texts), strict=True):
        assert (found.label, found.words) == (rationale.label, rationale.words)


@pytest.mark.parametrize("X", [["a text"], "a text", np.array(["a text"])], ids=type)
def test_what_is_no_collection_is_refused(X, fitted):
    with pytest.raises(TypeError, match=r"frame\['text'\]"):
        irx_dask.predict(fitted, X)


def test_a_model_is_sent_to_each_worker_and_not_with_each_task(client, fitted, reviews, tmp_path):
    import dask.bag as db
    import dask.dataframe as dd

    texts = reviews[0] * 2
    for name, ask in {
        "frame": lambda model: irx_dask.predict(
            model, dd.from_pandas(pd.Series(texts), npartitions=30)
        ).compute(),
        "bag": lambda model: irx_dask.explain(
            model, db.from_sequence(texts, npartitions=30)
        ).compute(),
        "bulk": lambda model: bulk.score(
            model, table(texts, tmp_path), tmp_path / "out", part_rows=30, scheduler=client
        ),
    }.items():
        folder = tmp_path / name
        folder.mkdir()
        model = Counted(fitted, folder)
        ask(model)
        workers = client.run(os.getpid).values()
        unpickled, asked = model.notes("unpickled"), model.notes("asked")
        assert sum(asked[pid] for pid in workers) >= 26
        # Twice if a worker asks for it again before it has come.
        assert {unpickled[pid] for pid in workers} <= {1, 2}
        assert unpickled[os.getpid()] <= 1  # the scheduler, which is here, looks at the graph


def test_each_task_computes_with_one_thread(client, fitted, tmp_path):
    import dask.bag as db

    model = Threads(fitted, tmp_path)
    irx_dask.predict(model, db.from_sequence(["a text"] * 8, npartitions=8)).compute()
    assert model.notes("threads1").total() == 8


def table(texts, folder):
    path = folder / "new.parquet"
    if not path.exists():
        pd.DataFrame({"id": range(len(texts)), "text": texts}).to_parquet(path)
    return path


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_bulk_scoring_goes_on_when_a_worker_is_killed(client, both, reviews, tmp_path):
    path = table(reviews[0] * 5, tmp_path)
    call = {"keep": ["id"], "part_rows": 50, "format": "jsonl"}
    bulk.score(both, path, tmp_path / "here", **call)
    killed = []

    def kill(progress):
        if progress.rows >= 200 and not killed:
            killed.append(next(iter(client.run(os.getpid).values())))
            os.kill(killed[0], signal.SIGKILL)

    address = client.scheduler.address
    done = bulk.score(both, path, tmp_path / "there", **call, scheduler=address, on_progress=kill)
    assert killed
    assert (done.rows, done.errors) == (2000, 0)
    assert contents(tmp_path / "there") == contents(tmp_path / "here")
    client.wait_for_workers(2, timeout=60)


def test_a_data_frame_is_whole_when_a_worker_is_killed(client, fitted, reviews, tmp_path):
    import dask.dataframe as dd

    texts = reviews[0] * 5
    model = Counted(fitted, tmp_path)
    pid = next(iter(client.run(os.getpid).values()))
    X = dd.from_pandas(pd.Series(texts), npartitions=40)

    def kill():
        while model.notes("asked").total() < 8:
            time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)

    killing = threading.Thread(target=kill)
    killing.start()
    labels = irx_dask.predict(model, X).compute()
    killing.join()
    assert labels.tolist() == fitted.predict(texts).tolist()
    client.wait_for_workers(2, timeout=60)


def test_a_grid_on_the_cluster_scores_as_it_does_here(client, small, reviews):
    texts, y, _ = reviews
    grid = {"lambda1": [0.0, 1.0], "lambda2": [0.0, 1.0], "random_state": [0, 1, 2]}
    search = GridSearchCV(
        small(training__batch_size=16), grid, cv=[(range(80), range(80, 120))], refit=False,
        scoring=["neg_log_loss", "accuracy"],
    )  # fmt: skip
    here = clone(search).fit(texts[:120], y[:120])
    with joblib.parallel_config(backend="dask"):
        there = clone(search).set_params(n_jobs=-1).fit(texts[:120], y[:120])
    assert len(here.cv_results_["params"]) == 12
    assert here.cv_results_["params"] == there.cv_results_["params"]
    for name in ("mean_test_neg_log_loss", "mean_test_accuracy", "rank_test_neg_log_loss"):
        assert np.array_equal(here.cv_results_[name], there.cv_results_[name])
    assert len(np.unique(here.cv_results_["mean_test_neg_log_loss"])) >= 6


def test_folds_and_members_are_fitted_on_the_cluster(client, small, reviews):
    texts, y, _ = reviews
    pair = InteractiveEnsemble(
        small(training__max_epochs=1), small(training__max_epochs=1, random_state=1), n_jobs=2
    )
    here = clone(pair).set_params(n_jobs=1).fit(texts[:100], y[:100])
    with joblib.parallel_config(backend="dask"):
        there = clone(pair).fit(texts[:100], y[:100])
        scores = cross_val_score(
            small(training__max_epochs=1), texts[:100], y[:100], cv=2, n_jobs=2
        )
    assert np.array_equal(here.predict_proba(texts[100:]), there.predict_proba(texts[100:]))
    assert np.array_equal(
        scores, cross_val_score(small(training__max_epochs=1), texts[:100], y[:100], cv=2)
    )


def test_processes_of_a_cluster_train_with_the_threads_that_dask_gives_them(client):
    assert set(client.run(_import).values()) == {1}


def test_an_address_where_nobody_answers_is_refused(fitted, tmp_path, monkeypatch):
    monkeypatch.setattr(irx_dask, "_SECONDS_TO_CONNECT", 1)
    path = table(["ants"], tmp_path)
    with pytest.raises(ValueError, match="does not answer"):
        bulk.score(fitted, path, tmp_path / "out", scheduler="tcp://127.0.0.1:9")


def test_a_cluster_may_read_a_saved_model(client, fitted, tmp_path):
    save(fitted, tmp_path / "model")
    path = table(["ants in the room", "drains"], tmp_path)
    done = bulk.score(tmp_path / "model", path, tmp_path / "out", scheduler=client)
    assert (done.rows, done.errors) == (2, 0)

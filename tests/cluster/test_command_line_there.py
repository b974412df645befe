"""`--cluster` on the command line: what files give by it, and what is said where it cannot be."""

import signal
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from distributed import LocalCluster
from typer.testing import CliRunner

import onelayer
from onelayer.cli.app import app
from onelayer.designs import clusters
from onelayer.errors import DataError, UsageError
from onelayer.readers.tables.table_files import open_table
from onelayer.sources import files_there

QUICK = ["--target", "bought", "--C", "1", "--calibrate", "none", "--no-report"]


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Three files: numbers in another notation, and a type of their own, in the last two."""
    rng, folder = np.random.default_rng(0), tmp_path_factory.mktemp("shop")
    for part in range(3):
        price, size = rng.normal(20, 6, 90).round(2), rng.choice(["S", "M", "L"], 90)
        frame = pd.DataFrame({"price": price, "size": size, "items": rng.integers(1, 9, 90)})
        frame["bought"] = np.where(rng.random(90) < 1 / (1 + np.exp(price - 20)), "yes", "no")
        frame.loc[rng.random(90) < 0.1, "price"] = np.nan
        if part == 0:
            frame.to_csv(folder / "0.csv", index=False)
        elif part == 1:
            frame.to_csv(folder / "1.csv", index=False, sep=";", decimal=",")
        else:
            frame[frame.columns[::-1]].to_csv(folder / "2.csv", index=False, sep="\t")
    return folder


@pytest.fixture(scope="module")
def here(shop, tmp_path_factory):
    """The model of the same files without a cluster."""
    file = tmp_path_factory.mktemp("here") / "m.safetensors"
    run("train", shop / "*.csv", *QUICK, "-o", file)
    return onelayer.load(file)


def run(*words, code=0):
    done = CliRunner().invoke(app, list(map(str, words)), env={"COLUMNS": "200"})
    assert done.exit_code == code, done.output
    return done.output


def test_files_that_workers_read_give_the_same_model(shop, here, client, tmp_path):
    address, file = client.scheduler.address, tmp_path / "m.safetensors"
    said = run("train", shop / "*.csv", *QUICK, "-o", file, "--cluster", address)
    there = onelayer.load(file)
    assert f"on 4 workers at {address}, 4 threads in all" in said
    assert there.inputs.to_dict() == here.inputs.to_dict()
    assert there.card.source_id == here.card.source_id
    np.testing.assert_allclose(there.coef, here.coef, atol=1e-4)
    assert there.card.test.log_loss == pytest.approx(here.card.test.log_loss, rel=1e-5)
    assert there.card.audit.by_class == here.card.audit.by_class
    again = run("train", "--like", file, "--no-report", "-o", file)
    assert "as " in again


def test_each_table_is_scored_into_a_file_of_its_own(shop, here, client, tmp_path):
    model, address = tmp_path / "m.safetensors", client.scheduler.address
    here.save(model)
    asked = ["predict", model, shop / "*.csv", "--keep", "items"]
    run(*asked, "-o", tmp_path / "here")
    said = run(*asked, "-o", tmp_path / "there", "--cluster", address)
    assert f"Written: {tmp_path / 'there'}, 270 rows" in " ".join(said.split())
    for name in ("0.csv", "1.csv", "2.csv"):
        one, other = ((tmp_path / folder / name).read_bytes() for folder in ("here", "there"))
        assert one == other
        assert one.count(b"\n") == 91
    said = run(*asked, "-o", tmp_path / "there", code=2)
    assert "exists: --overwrite" in said


def test_a_file_that_cannot_be_scored_hinders_no_other(shop, here, client, tmp_path):
    model, bad = tmp_path / "m.safetensors", tmp_path / "bad.csv"
    here.save(model)
    bad.write_text("price\n1\n")
    folder = tmp_path / "scored"
    address = client.scheduler.address
    said = run("predict", model, bad, shop / "0.csv", "-o", folder, "--cluster", address, code=1)
    assert "bad.csv has no column 'size', 'items': the model looks at them" in said
    assert [one.name for one in folder.iterdir()] == ["0.csv"]
    twice = run("predict", model, shop / "0.csv", shop / "0.csv", "-o", folder / "x", code=2)
    assert "would both be written to" in twice


def test_one_folder_of_parquet_is_scored_as_parquet(here, tmp_path):
    model, tables = tmp_path / "m.safetensors", tmp_path / "tables"
    here.save(model)
    tables.mkdir()
    frame = pd.DataFrame({"price": [1.5, 2.5], "size": ["S", "L"], "items": [1, 2]})
    frame.to_parquet(tables / "a.parquet")
    run("predict", model, tables, "-o", tmp_path / "scored")
    assert pq.read_table(tmp_path / "scored" / "a.parquet").num_rows == 2


def test_what_is_no_cluster_is_said(shop, tmp_path, monkeypatch):
    asked = ["train", shop / "0.csv", *QUICK, "-o", tmp_path / "m.safetensors", "--cluster"]
    assert "'four' is no cluster: give the address of a Dask scheduler" in run(
        *asked, "four", code=2
    )
    assert "'0' is no cluster" in run(*asked, "0", code=2)
    said = run(*asked, "tls://127.0.0.1:9", code=2)
    assert "tls://127.0.0.1:9 asks for certificates, and Dask's configuration names none" in said
    monkeypatch.setattr(clusters, "REACHED", 0.5)
    said = run(*asked, "tcp://127.0.0.1:9", code=1)
    assert "error: no Dask scheduler answers at tcp://127.0.0.1:9: start one with" in said
    no_table = run("train", "digits", "--cluster", "2", "-o", tmp_path / "m.safetensors", code=2)
    assert "digits is no table that workers can read: --cluster is for .csv and" in no_table
    monkeypatch.setitem(sys.modules, "distributed", None)
    said = run(*asked, "2", code=1)
    assert "a cluster needs Dask: pip install 'onelayer[dask]'" in said


def test_processes_of_a_command_leave_ctrl_c_to_it():
    with clusters.cluster_of("1") as workers:
        (found,) = workers.client.run(lambda: signal.getsignal(signal.SIGINT)).values()
    assert found == signal.SIG_IGN


def test_a_scheduler_without_workers_is_named(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(clusters, "REACHED", 0.3)
    with LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as empty:
        address = empty.scheduler_address
        asked = ["train", shop / "0.csv", *QUICK, "-o", tmp_path / "m.safetensors"]
        said = run(*asked, "--cluster", address, code=1)
    assert f"error: the scheduler at {address} has no workers: start some, with" in said


def test_a_file_that_workers_do_not_have_is_named(shop, tmp_path):
    file = open_table(shop / "0.csv")
    with pytest.raises(DataError, match=r"0.csv has 5 bytes here and \d+ on a worker"):
        files_there._read_there(file, file.names, 5)
    lost = tmp_path / "lost.csv"
    lost.write_text("a,b\n1,2\n")
    file = open_table(lost)
    Path(lost).unlink()
    with pytest.raises(UsageError, match=r"a worker cannot read .*lost.csv: No such file"):
        files_there._read_there(file, file.names, 8)


def test_cluster_scores_into_a_folder(shop, here, tmp_path):
    model = tmp_path / "m.safetensors"
    here.save(model)
    said = run("predict", model, shop / "0.csv", "-o", tmp_path / "a.csv", "--cluster", 2, code=2)
    assert "--cluster scores tables into a folder, a file for each: give -o FOLDER" in said

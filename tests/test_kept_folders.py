"""Large files are made once, whole, for as many processes as need them, and never pulled away."""

import json
import os
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from onelayer import kept_folders
from onelayer.cache import CompiledKernels, known_things
from onelayer.cli.app import app
from onelayer.errors import DataError
from onelayer.kept_folders import KeptFolders
from onelayer.kernels import compile as compiling


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(kept_folders, "_IN_USE", {})
    return KeptFolders("tables")


def never(*_):
    raise AssertionError


USER = """
import os, signal, sys, time
from onelayer.kept_folders import KeptFolders

def slow(folder):
    with (folder / "content").open("a") as file:
        file.write("begun ")
        file.flush()
        time.sleep(0.3)
        file.write("ended")

def killed(folder):
    (folder / "content").write_text("half ")
    os.kill(os.getpid(), signal.SIGKILL)

found = KeptFolders("tables").get("one", globals()[sys.argv[1]], lambda: print("waits"))
print(found.reused, (found.folder / "content").read_text(), flush=True)
sys.stdin.readline()
"""


def another(make):
    """A process that makes or uses a folder, until its input ends."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    return subprocess.Popen([sys.executable, "-c", USER, make], **pipes)


def test_it_is_made_once(kept):
    first = kept.get("one", lambda folder: (folder / "content").touch(), never)
    again = KeptFolders("tables").get("one", never, never)
    assert (first.reused, again.reused, first.folder) == (False, True, again.folder)


def test_of_two_processes_one_makes_it_and_the_other_waits(kept):
    both = [another("slow") for _ in range(2)]
    said = sorted(process.communicate("\n", timeout=60)[0] for process in both)
    assert said[0] == "False begun ended\n"
    assert said[1].removeprefix("waits\n") == "True begun ended\n"
    assert kept.get("one", never, never).reused


def test_what_a_process_that_died_has_left_is_made_to_its_end(kept):
    process = another("killed")
    assert process.communicate(timeout=60)[0] == ""
    assert process.returncode == -signal.SIGKILL
    left = []
    found = kept.get("one", lambda folder: left.append((folder / "content").read_text()), never)
    assert (found.reused, left) == (False, ["half "])


def test_what_fails_is_begun_again(kept):
    def fails(folder):
        raise DataError(str(folder))

    with pytest.raises(DataError, match="one"):
        kept.get("one", fails, never)
    assert not kept.get("one", lambda _: None, never).reused


def filled(size):
    return lambda folder: (folder / "content").write_bytes(bytes(size))


def test_what_was_used_longest_ago_goes_first_and_what_is_in_use_stays(kept):
    for place, name in enumerate("abc"):
        folder = kept.get(name, filled(100), never).folder
        for file in folder.iterdir():
            os.utime(file, (place, place))
    kept.empty()
    assert len(kept) == 3
    for name in "ac":  # as if the processes that used them had ended
        os.close(kept_folders._IN_USE.pop(kept.place / name))
    kept.prune(150)
    assert sorted(folder.name for *_, folder in kept.folders()) == ["b", "c"]


def test_another_process_keeps_what_it_uses(kept):
    process = another("slow")
    assert process.stdout.readline() == "False begun ended\n"
    kept.empty()
    assert len(kept) == 1
    process.communicate("\n", timeout=60)
    kept.empty()
    assert (len(kept), kept.size) == (0, 0)


def test_a_disk_without_room_is_said_before_anything_is_written(tmp_path, monkeypatch):
    usage = kept_folders.shutil.disk_usage(tmp_path)._replace(free=10**9)
    monkeypatch.setattr(kept_folders.shutil, "disk_usage", lambda _: usage)
    kept_folders.require_room(tmp_path, 5 * 10**8, "it")
    with pytest.raises(
        DataError, match=r"it would take 2 GB in .*, and the disk has 1 GB left: make"
    ):
        kept_folders.require_room(tmp_path, 2 * 10**9, "it")


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(DataError, match="cannot be written: Not a directory; set XDG_CACHE_HOME"):
        KeptFolders("tables").get("one", never, never)


def test_the_command_shows_and_empties_it(kept):
    (kept.place / "one").mkdir(parents=True)
    (kept.place / "one" / "content").write_bytes(bytes(2_000_000))
    run = CliRunner()
    assert "Tables: " in (shown := run.invoke(app, ["cache"]).stdout)
    assert "the cells of 1 table, 2 MB" in " ".join(shown.split())
    told = json.loads(run.invoke(app, ["cache", "--json"]).stdout)["kept"][0]
    held = {"entries": 1, "bytes": 2_000_000}
    assert told == {"kind": "tables", "folder": str(kept.place), **held}
    assert "Emptied: " in run.invoke(app, ["cache", "--empty"]).stdout
    assert len(kept) == 0


def test_what_is_known_of_files_is_shown_and_emptied_though_nothing_else_is_kept(kept):
    known_things().put("abc", bytes(1984))  # and a digest of 16 bytes
    run = CliRunner()
    place = kept.place.parent / "known"
    note = "1 note on files and encoders that need not be read again, 2 KB"
    assert f"Known: {place}, {note}" in " ".join(run.invoke(app, ["cache"]).stdout.split())
    told = json.loads(run.invoke(app, ["cache", "--json"]).stdout)["kept"][-2]
    assert told == {"kind": "known", "folder": str(place), "entries": 1, "bytes": 2000}
    emptied = " ".join(run.invoke(app, ["cache", "--empty"]).stdout.split())
    assert emptied == f"Emptied: {place}, which held {note}"
    assert list(place.iterdir()) == []


def test_compiled_kernels_of_all_versions_are_shown_and_emptied(kept):
    place = kept.place.parent
    for folder in (place / "kernels-1" / "a_1", place / "kernels-2" / "a_1"):
        folder.mkdir(parents=True)
        for name in ("f.nbi", "f.1.nbc", "f.2.nbc", "f.3.nbc.tmp.1"):  # the last is being written
            (folder / name).write_bytes(bytes(1000))
    run = CliRunner()
    held = "2 compiled parts of this program, 6 KB"
    shown = " ".join(run.invoke(app, ["cache"]).stdout.split())
    assert shown == f"Kernels: {place}/kernels-*, {held} Empty it: onelayer cache --empty"
    told = json.loads(run.invoke(app, ["cache", "--json"]).stdout)["kept"][-1]
    where = {"kind": "kernels", "folder": f"{place}/kernels-*"}
    assert told == where | {"entries": 2, "bytes": 6000}
    emptied = " ".join(run.invoke(app, ["cache", "--empty"]).stdout.split())
    assert emptied == f"Emptied: {place}/kernels-*, which held {held}"
    assert {file.name for file in place.rglob("*") if file.is_file()} == {"f.3.nbc.tmp.1"}
    known_things().put("abc", b"")
    shown = " ".join(run.invoke(app, ["cache"]).stdout.split())
    assert "Kernels" not in shown
    assert "At most 4.3 GB of each, or a larger one that was used last" in shown


def test_a_process_goes_on_compiling_after_its_kernels_were_removed(kept, monkeypatch):
    folder = kept.place.parent / "kernels-1"
    monkeypatch.setattr(compiling, "cache_folder", lambda: folder)

    @compiling.kernel
    def twice(number):
        return 2 * number

    assert twice(1) == 2
    assert len(CompiledKernels()) == 1
    CompiledKernels().empty()
    assert (len(CompiledKernels()), CompiledKernels().size) == (0, 0)
    assert twice(0.5) == 1.0  # another type is compiled, and kept
    assert len(CompiledKernels()) == 1


def test_the_command_says_where_nothing_is_kept(kept):
    shown = CliRunner().invoke(app, ["cache"]).stdout
    assert shown == f"Nothing is kept in {kept.place.parent}\n"

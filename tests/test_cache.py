"""What is kept comes back whole or not at all, and is of bounded size."""

import os

import pytest

from onelayer.cache import Cache


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return Cache("kind")


def test_what_was_put_comes_back(kept):
    assert kept.get("abc") is None
    kept.put("abc", b"one")
    kept.put("abc", b"two")
    kept.put("abd", b"")
    assert (kept.get("abc"), kept.get("abd")) == (b"two", b"")
    assert (len(kept), kept.size) == (2, 2 * 16 + 3)


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 19, b"x" * 40])
def test_a_damaged_entry_is_none(kept, damage):
    kept.put("abc", b"one")
    (kept.place / "ab" / "abc").write_bytes(damage)
    assert kept.get("abc") is None


def test_what_was_used_longest_ago_goes_first(kept):
    for place, name in enumerate(("aa1", "bb2", "cc3")):
        kept.put(name, bytes(84))
        os.utime(kept.place / name[:2] / name, (place, place))
    kept.get("aa1")
    kept.prune(200)
    assert [kept.get(name) is None for name in ("aa1", "bb2", "cc3")] == [False, True, False]
    kept.empty()
    assert (len(kept), kept.size, list(kept.place.iterdir())) == (0, 0, [])


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    kept = Cache("kind")
    kept.put("abc", b"one")
    assert kept.get("abc") is None
    assert (len(kept), kept.size) == (0, 0)

"""A small source with awkward names, and a model of it."""

import pytest

import onelayer

EVIL = "<script>alert(1)</script>"
QUOTED = "a \"quoted\" & 'odd' one"


@pytest.fixture(scope="session")
def awkward(tmp_path_factory, write_pictures):
    """Two tints that overlap, their folders named as an attacker would; one file is misplaced."""
    folder = tmp_path_factory.mktemp("data") / 'x"><img src=y onerror=alert(2)>'
    names = (EVIL.replace("/", "∕"), QUOTED)
    shades = dict(zip(names, [(113, 128, 143), (143, 128, 113)], strict=True))
    write_pictures(folder, shades, 40, seed=1, side=4, noise=60)
    (folder / QUOTED / "00.png").rename(folder / QUOTED / '"><script>alert(3)<⁄script>.png')
    return folder


@pytest.fixture(scope="session")
def reported(awkward, tmp_path_factory):
    """A model of `awkward` and the folder with its report."""
    folder = tmp_path_factory.mktemp("report")
    model = onelayer.train(awkward)
    model.report(folder / "report.html")
    return model, folder

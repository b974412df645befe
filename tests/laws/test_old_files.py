"""Model files of older versions load, and answer what they answered.

`files/` holds models as version 0.1.0 first wrote them, before a file had a digest, and beside each
what that version said: labels, probabilities, and each row's contributions to z, summed.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

import onelayer

FILES = Path(__file__).with_name("files")
INPUTS = {
    "arrays": np.array,
    "pictures": lambda listed: np.array(listed, np.uint8),
    "sparse": sparse.csr_matrix,
    "table": list,
}


@pytest.mark.parametrize("name", INPUTS)
def test_an_old_file_answers_as_it_did(name):
    said = json.loads((FILES / f"{name}.json").read_text())
    model = onelayer.load(FILES / f"{name}.safetensors")
    inputs = INPUTS[name](said["inputs"])
    assert model.predict(inputs).tolist() == said["labels"]
    # z of pictures was once computed in float32.
    near = 1e-5 if name == "pictures" else 1e-12
    np.testing.assert_allclose(
        model.predict_proba(inputs), said["probabilities"], rtol=near, atol=near
    )
    summed = model.contributions(inputs).sum(axis=1)
    np.testing.assert_allclose(summed, said["contributions"], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", INPUTS)
def test_an_old_file_written_again_is_the_same_model(name, tmp_path):
    said = json.loads((FILES / f"{name}.json").read_text())
    old = onelayer.load(FILES / f"{name}.safetensors")
    old.save(tmp_path / "new.safetensors")
    new = onelayer.load(tmp_path / "new.safetensors")
    inputs = INPUTS[name](said["inputs"])
    np.testing.assert_array_equal(new.predict_proba(inputs), old.predict_proba(inputs))
    assert new.card.to_dict() == old.card.to_dict()

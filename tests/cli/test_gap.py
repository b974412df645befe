"""`evaluate --gap`: how far saved weights are from their optimum."""

import onelayer as package


def test_a_saved_model_is_asked_for_its_gap(onelayer, tmp_path):
    path = tmp_path / "m.safetensors"
    package.train("breast_cancer", C=1.0, test_size=0.0).save(path)
    held = onelayer("evaluate", path, "breast_cancer", "--gap", "--json").json["optimality"]
    assert held["gap"] <= 1e-7 + 2e-9
    assert held["kind"] == "bound"
    shown = onelayer("evaluate", path, "breast_cancer", "--gap")
    assert shown.code == 0
    assert "relative gap" in shown.out

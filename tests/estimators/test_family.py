"""Both estimators share a base, and neither is the other."""

import pytest
from sklearn.linear_model import LogisticRegressionCV as Peer

from onelayer import LogisticRegression, LogisticRegressionCV
from onelayer.estimators import LayerClassifier


@pytest.mark.parametrize("kind", [LogisticRegression, LogisticRegressionCV])
def test_an_estimator_is_final_and_overrides_no_prediction(kind):
    assert kind.__final__
    assert LayerClassifier in kind.__mro__
    own = vars(kind)
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        assert method not in own


def test_the_base_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        LayerClassifier()
    assert not issubclass(LogisticRegressionCV, LogisticRegression)
    assert {name for name in dir(Peer) if name[0] != "_"} - {"param"} <= set(
        dir(LogisticRegressionCV)
    )

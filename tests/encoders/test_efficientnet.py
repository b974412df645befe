"""EfficientNet-Lite0: the graph against a plain NumPy network, and what it calls photographs."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.datasets import load_sample_images

from onelayer.encoders import EncoderSpec, open_encoder
from onelayer.encoders.efficientnet import efficientnet_lite0, weights_file
from onelayer.errors import DataError
from onelayer.readers.pictures.pixels import resized
from onelayer.readers.torch_file import read_tensors

pytest.importorskip("onnxruntime")
STRIDES = [1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1]
NAMES = {"palace": 698, "bell cote": 442, "monastery": 663, "daisy": 985}  # of ImageNet's thousand


@pytest.fixture(scope="module")
def encoder():
    return open_encoder("efficientnet-lite0")


@pytest.fixture(scope="module")
def photographs(encoder):
    """A temple in China and a flower, as the encoder takes them."""
    return resized(np.stack(load_sample_images().images), encoder.spec.preprocessing)


def convolved(x, kernel, stride):
    """Correlate x (h, w, c) with a kernel (n, c or 1, k, k), padded as TensorFlow's SAME is."""
    k = kernel.shape[2]
    needed = [max((-(-side // stride) - 1) * stride + k - side, 0) for side in x.shape[:2]]
    pads = [(pad // 2, pad - pad // 2) for pad in needed]
    windows = sliding_window_view(np.pad(x, [*pads, (0, 0)]), (k, k), (0, 1))[::stride, ::stride]
    if kernel.shape[1] == 1:
        return np.einsum("hwcij,cij->hwc", windows, kernel[:, 0], optimize=True)
    return np.tensordot(windows, kernel, axes=([2, 3, 4], [1, 2, 3]))


class Twin:
    """The network in NumPy, float64, with its batch norms as they are."""

    def __init__(self):
        self.weights = read_tensors(weights_file())

    def step(self, x, conv, norm, stride=1, *, clipped=True):
        gamma, beta, mean, var = (
            self.weights[f"{norm}.{part}"].astype(float)
            for part in ("weight", "bias", "running_mean", "running_var")
        )
        kernel = self.weights[f"{conv}.weight"].astype(float)
        z = (convolved(x, kernel, stride) - mean) / np.sqrt(var + 1e-3) * gamma + beta
        return np.clip(z, 0, 6) if clipped else z

    def places(self, picture):
        x = self.step((picture - 127.0) / 128, "_conv_stem", "_bn0", 2)
        for number, stride in enumerate(STRIDES):
            name, inside = f"_blocks.{number}", x
            if number:
                inside = self.step(x, f"{name}._expand_conv", f"{name}._bn0")
            inside = self.step(inside, f"{name}._depthwise_conv", f"{name}._bn1", stride)
            inside = self.step(inside, f"{name}._project_conv", f"{name}._bn2", clipped=False)
            x = inside + x if inside.shape == x.shape else inside
        return self.step(x, "_conv_head", "_bn1")


def test_features_are_those_of_a_plain_network(encoder, photographs):
    places = Twin().places(photographs[0][16:240, 16:240].astype(float))
    found = encoder.encode(photographs[0])
    np.testing.assert_allclose(found.places, places, atol=1e-4)
    np.testing.assert_allclose(found.features, places.mean(axis=(0, 1)), atol=1e-4)


def test_photographs_get_sensible_names_of_a_thousand(encoder, photographs):
    weights = read_tensors(weights_file())
    W, b = weights["_fc.weight"], weights["_fc.bias"]
    temple, flower = (W @ encoder.encode(one).features + b for one in photographs)
    assert set(np.argsort(-temple)[:3]) == {NAMES["palace"], NAMES["bell cote"], NAMES["monastery"]}
    assert temple.argmax() == NAMES["palace"]
    assert flower.argmax() == NAMES["daisy"]


def test_the_encoder_says_what_it_is(encoder):
    spec = encoder.spec
    assert (spec.n, spec.places, spec.size, spec.resize) == (1280, (7, 7), 224, 256)
    assert EncoderSpec.from_dict(spec.to_dict()) == spec
    assert spec.in_words.startswith("efficientnet-lite0, which sees 224 x 224 pixels, digest ")


@pytest.mark.parametrize("kept", [0.0, 0.01, 0.5, 0.999])
def test_damaged_weights_are_an_error_in_words(kept, tmp_path):
    content = weights_file().read_bytes()
    path = tmp_path / "weights.pth"
    path.write_bytes(content[: int(kept * len(content))])
    with pytest.raises(DataError, match=r"weights\.pth"):
        efficientnet_lite0(path)

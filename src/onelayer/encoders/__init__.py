"""Encoders: networks, trained by others, that make features of a picture; one layer goes on top.

One file a kind. onnx and onnxruntime, of the extra `encoder`, are imported here alone.
"""

from onelayer.encoders.efficientnet import NAME as EFFICIENTNET_LITE0
from onelayer.encoders.encoder import Encoded, Encoder, EncoderSpec
from onelayer.encoders.opening import again, graph_again, open_encoder

__all__ = [
    "EFFICIENTNET_LITE0",
    "Encoded",
    "Encoder",
    "EncoderSpec",
    "again",
    "graph_again",
    "open_encoder",
]

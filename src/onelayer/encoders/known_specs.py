"""What earlier runs found out of encoders, so that one whose features are kept need not be opened.

Reading the graph of EfficientNet-Lite0 and running it once take 0.2 s, and its libraries 0.1 s.
"""

from __future__ import annotations

import json
from hashlib import blake2b
from importlib.metadata import version

from onelayer.cache import known_things
from onelayer.encoders.encoder import EncoderSpec


def kept_spec(key: tuple[object, ...]) -> EncoderSpec | None:
    """Return the spec that was kept under a key; None where there is none."""
    content = known_things().get(_name(key))
    try:
        return None if content is None else EncoderSpec.from_dict(json.loads(content))
    except (KeyError, TypeError, ValueError):
        return None


def keep_spec(key: tuple[object, ...], spec: EncoderSpec) -> None:
    """Keep the spec of an encoder that was opened and run."""
    known_things().put(_name(key), json.dumps(spec.to_dict()).encode())


def _name(key: tuple[object, ...]) -> str:
    of = ("encoder", version("onelayer"), *key)
    return blake2b(repr(of).encode(), digest_size=16).hexdigest()

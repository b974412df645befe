"""Linear probes as they are published: one layer on frozen features, by a protocol."""

from onelayer.probes.probed import Probe
from onelayer.probes.probing import probe
from onelayer.probes.protocols import PROTOCOLS, ProbeProtocol

__all__ = ["PROTOCOLS", "Probe", "ProbeProtocol", "probe"]

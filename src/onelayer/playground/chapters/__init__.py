"""The chapters in the order in which they are read, each with its exercise at the end."""

from dataclasses import replace

from onelayer.playground.chapters.beyond import BEYOND
from onelayer.playground.chapters.broadcasting import BROADCASTING
from onelayer.playground.chapters.descent import DESCENT
from onelayer.playground.chapters.everything import EVERYTHING
from onelayer.playground.chapters.exercises import EXERCISES
from onelayer.playground.chapters.graph import GRAPH
from onelayer.playground.chapters.loss import LOSS
from onelayer.playground.chapters.neuron import NEURON
from onelayer.playground.chapters.picture import PICTURE
from onelayer.playground.chapters.points import POINTS
from onelayer.playground.chapters.vectorisation import VECTORISATION

_LECTURES = (
    NEURON,
    LOSS,
    DESCENT,
    POINTS,
    GRAPH,
    VECTORISATION,
    PICTURE,
    BROADCASTING,
    EVERYTHING,
    BEYOND,
)
CHAPTERS = tuple(
    replace(chapter, parts=(*chapter.parts, EXERCISES[chapter.name])) for chapter in _LECTURES
)

__all__ = ["CHAPTERS"]

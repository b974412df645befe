"""Readers turn what users have into arrays, with an audit of what was read."""

from onelayer.readers.arrays.libsvm import read_libsvm
from onelayer.readers.audit import Audit
from onelayer.readers.pictures.alike import joined_groups
from onelayer.readers.pictures.folders import find_pictures
from onelayer.readers.pictures.picture_files import read_files, read_picture
from onelayer.readers.pictures.preprocessing import Preprocessing
from onelayer.readers.pictures.reading import Pictures, read_pictures
from onelayer.readers.pictures.splits import Splits, find_splits
from onelayer.readers.row_arrays import content_groups, stacked
from onelayer.readers.split import split_notes, stratified_split

__all__ = [
    "Audit",
    "Pictures",
    "Preprocessing",
    "Splits",
    "content_groups",
    "find_pictures",
    "find_splits",
    "joined_groups",
    "read_files",
    "read_libsvm",
    "read_picture",
    "read_pictures",
    "split_notes",
    "stacked",
    "stratified_split",
]

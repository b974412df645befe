"""Many tables that `predict` scores, each into a file of its own, here or by workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from onelayer.cli.cluster import who_works
from onelayer.cli.output import progress_shown, warn
from onelayer.cli.prediction_request import PredictionRequest
from onelayer.cli.scores import scoring_of
from onelayer.errors import UsageError
from onelayer.inputs.oddities import Oddities
from onelayer.model import Model
from onelayer.readers.tables.suffixes import tables_in

WRITTEN = (".csv", ".tsv", ".parquet", ".pq")
"""Tables that are written as they are read; any other becomes a .csv."""


class FileScored(NamedTuple):
    """Of a file: how many rows were written, what to say of it, and why it failed, if it did."""

    rows: int
    notes: list[str]
    failure: str | None = None


def is_folder(output: Path, files: list[Path], cluster: str | None) -> bool:
    """Whether results go into a folder, a file for each: it is one, or is called like one."""
    several = len(files) > 1 or files[0].is_dir() or cluster is not None
    return output.is_dir() or (not output.suffix and several)


def write_files(
    model: Model, asked: PredictionRequest, folder: Path, cluster: str | None, *, overwrite: bool
) -> tuple[int, dict[str, str]]:
    """Score each table into a file of its name, and return how many rows, and what failed.

    A worker reads its file and writes its own, batch by batch: nothing of either comes here.

    Raises
    ------
    UsageError
        Where two files would have one result, or one is there already.
    """
    pairs = _pairs(asked.files, folder, overwrite=overwrite)
    folder.mkdir(parents=True, exist_ok=True)
    with who_works(cluster) as workers, progress_shown() as progress:
        progress("scoring", 0, len(pairs))
        if workers is None:
            found = []
            for at, (file, output) in enumerate(pairs):
                found.append(score_file(model, asked, file, output))
                progress("scoring", at + 1, len(pairs))
        else:
            whole = [tuple(path.resolve() for path in pair) for pair in pairs]
            found = workers.ask(_score(model, asked), whole)
    _tell([file for file, _ in pairs], found)
    failed = {
        str(file): one.failure
        for (file, _), one in zip(pairs, found, strict=True)
        if one.failure is not None
    }
    return sum(one.rows for one in found), failed


def score_file(model: Model, asked: PredictionRequest, file: Path, output: Path) -> FileScored:
    """Write one result; what is wrong with one file is said, and hinders no other."""
    odd = Oddities(file)
    try:
        scoring = scoring_of(model, file, asked, odd)
        rows = scoring.write(output)
    except (ValueError, OSError) as error:
        return FileScored(0, [], str(error))
    notes = [note.removeprefix(f"{file}: ") for note in scoring.notes]
    return FileScored(rows, [*odd.notes, *notes])


def _tell(files: list[Path], found: list[FileScored]) -> None:
    """Say once what there is to say of several files alike."""
    by_note: dict[str, list[str]] = {}
    for file, one in zip(files, found, strict=True):
        for note in one.notes:
            by_note.setdefault(note, []).append(str(file))
    for note, named in by_note.items():
        more = f" and {len(named) - 1} more" if len(named) > 1 else ""
        warn(f"note: {named[0]}{more}: {note}")


def _score(model: Model, asked: PredictionRequest) -> Any:
    """What a worker does of a file and its result's place."""

    def score(file: Path, output: Path) -> FileScored:
        if not output.parent.is_dir():
            return FileScored(0, [], f"a worker cannot write into {output.parent}: {_SHARED}")
        if not file.exists():
            return FileScored(0, [], f"a worker cannot read {file}: {_SHARED}")
        return score_file(model, asked, file, output)

    return score


_SHARED = "files must lie where every worker finds them by this path, as on a shared disk"


def _pairs(files: list[Path], folder: Path, *, overwrite: bool) -> list[tuple[Path, Path]]:
    """Each table with the place of its result."""
    tables = [one for file in files for one in (tables_in(file) if file.is_dir() else [file])]
    if not tables:
        raise UsageError(f"{files[0]} holds no tables: give .csv or .parquet files")
    taken: dict[Path, Path] = {}
    for file in tables:
        suffix = file.suffix.lower()
        place = folder / (file.name if suffix in WRITTEN else f"{file.stem}.csv")
        if place in taken:
            raise UsageError(
                f"{taken[place]} and {file} would both be written to {place}: score them one by "
                "one, into folders of their own"
            )
        if place.exists() and (not overwrite or place.samefile(file)):
            how = "give another folder" if file.exists() and place.samefile(file) else "--overwrite"
            raise UsageError(f"{place} exists: {how}")
        taken[place] = file
    return [(file, place) for place, file in taken.items()]

"""What can be wrong. Each message says what came, what was due, and what to do."""

from onelayer.words import in_one_line


class _InLines(Exception):  # noqa: N818
    """An error whose arguments are the lines of its message; no name in them begins another."""

    def __str__(self) -> str:
        return "\n".join(in_one_line(str(line)) for line in self.args)


class ShapeError(_InLines, ValueError):
    """An array has the wrong shape; the message shows both shapes and the reshape that mends it."""


class DataError(_InLines, ValueError):
    """The data cannot be used; the message names the file, row or column, and the remedy."""


class TooLargeError(DataError):
    """There is more of it than is taken; the message says how much is."""


class UsageError(_InLines, ValueError):
    """The call itself is wrong; the command line answers with exit code 2."""


class ModelFileError(_InLines, ValueError):
    """A model file is damaged, foreign or newer than this version; the message says which."""


class ExportError(_InLines, ValueError):
    """An exported file does not answer as the model does; the message says by how much."""


class WorkersLostError(_InLines, RuntimeError):
    """A cluster can no longer compute what was asked for; the message says why, and what to do."""


class MissingExtraError(ImportError):
    """An optional part is not installed; the message names the command that installs it."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what}: pip install 'onelayer[{extra}]'")


class DataWarning(_InLines, UserWarning):
    """Something of the data is lost, as a column or cells of one; the message says what and why."""

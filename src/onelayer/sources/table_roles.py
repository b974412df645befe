"""Which columns of a table are its target, weights and groups, and which are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, final

from onelayer.errors import DataError, UsageError
from onelayer.inputs import TableInputs
from onelayer.inputs.columns import Column
from onelayer.settings import Settings
from onelayer.sources.source import Like
from onelayer.words import listed, spelt

if TYPE_CHECKING:
    from onelayer.readers.tables.table_files import TableFile


@final
@dataclass(frozen=True)
class TableRoles:
    """The columns of a table by what they are, as settings ask for it, or like those of a model."""

    file: TableFile
    asked: Settings
    like: Like | None

    @cached_property
    def roles(self) -> dict[str, str]:
        """The columns that are no features, and what they are; those of a model's may be absent."""
        from onelayer.readers.tables.table_files import one_text

        asked, path = self.asked, self.file.path
        if asked.target is None:
            raise UsageError(
                f"{path} is a table: name the column of its classes with {spelt('target')}. "
                f"It has {listed(self.file.names)}"
            )
        named = {"target": asked.target, "weights": asked.weights, "group": asked.group}
        optional = () if self.like is None else ("weights", "group")
        roles: dict[str, str] = {}
        for role, column in named.items():
            if column is None or (role in optional and one_text(column) not in self.file.names):
                continue
            name = self.file.names[self.file.position(column)]
            if name in roles:
                raise UsageError(f"column {name!r} is both the {roles[name]} and the {role}")
            roles[name] = role
        return roles

    @cached_property
    def predictors(self) -> list[str]:
        """The columns that are looked at."""
        if self.like is not None:
            return [column.name for column in self.known(self.like)]
        dropped = self._named(self.asked.drop)
        for what, names in (("is dropped", dropped), ("is free text", self.texts)):
            for name in sorted(names & set(self.roles)):
                raise UsageError(f"column {name!r} {what}, and is the {self.roles[name]}")
        for name in sorted(self.texts & dropped):
            raise UsageError(f"column {name!r} is free text, and is dropped: say one of the two")
        kept = [name for name in self.file.names if name not in dropped | set(self.roles)]
        if not kept:
            raise DataError(f"{self.file.path} has no column beside {', '.join(self.roles)}")
        return kept

    @property
    def texts(self) -> set[str]:
        """The columns of free text that were asked for."""
        return self._named(self.asked.texts)

    def known(self, like: Like) -> tuple[Column, ...]:
        """Those that a model of a table looks at; DataError for one of anything else."""
        if not isinstance(like.inputs, TableInputs):
            raise DataError(f"{self.file.path} is a table, and the model takes {like.inputs.kind}")
        return like.inputs.columns

    def of_role(self, role: str) -> str | None:
        """The column that is the "target", the "weights" or the "group"; None: there is none."""
        return next((name for name, its in self.roles.items() if its == role), None)

    def _named(self, asked: Sequence[str | int]) -> set[str]:
        return {self.file.names[self.file.position(name)] for name in asked}

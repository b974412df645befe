"""Partitions of a table become Arrow tables of the same columns and types."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from onelayer.designs.rows_on_cluster import InParts
from onelayer.errors import DataError
from onelayer.words import listed

if TYPE_CHECKING:
    from onelayer.designs.dask_workers import Workers


class PartTypes(NamedTuple):
    """Of a partition: its rows and its schema."""

    length: int
    schema: Any

    @classmethod
    def of(cls, table: Any) -> PartTypes:
        """Of an Arrow table."""
        return cls(table.num_rows, table.schema)


def alike(workers: Workers, handles: list[Any], source: Path) -> tuple[InParts, tuple[str, ...]]:
    """Return Arrow tables in one set of types, and the names of their columns.

    Types of partitions without rows tell nothing. Whole numbers beside others become these, and
    whatever is beside texts becomes texts, as for several files.

    Raises
    ------
    DataError
        Where a partition has other columns than the first, or no types hold both.
    """
    found = workers.get(workers.put(PartTypes.of, [(handle,) for handle in handles]))
    filled = [(at, one.schema) for at, one in enumerate(found) if one.length]
    if not filled:
        raise DataError(f"{source} has no rows: all {len(found)} partitions are empty")
    names = tuple(filled[0][1].names)
    for at, schema in filled[1:]:
        _require_columns(names, schema.names, at, source)
    types = [_one_type([schema.field(name) for _, schema in filled], source) for name in names]
    schema = pa.schema(types)
    made = [(handle, schema) for handle, one in zip(handles, found, strict=True) if one.length]
    lengths = [one.length for one in found if one.length]
    return InParts(workers.put(_in_types, made), lengths), names


def _require_columns(names: Sequence[str], own: Sequence[str], at: int, source: Path) -> None:
    lacking = [name for name in names if name not in own]
    extra = [name for name in own if name not in names]
    if not lacking and not extra:
        return
    said = [f"lacks {listed(lacking, 8)}"] * bool(lacking)
    said += [f"has {listed(extra, 8)} more"] * bool(extra)
    raise DataError(
        f"{source}: partition {at}, counted from 0, {' and '.join(said)}, beside the first: "
        "partitions have the same columns"
    )


def _one_type(fields: Sequence[Any], source: Path) -> Any:
    """One type for a column; categories stay such where all partitions have them."""
    plain = {_value_type(field.type) for field in fields}
    declared = all(pa.types.is_dictionary(field.type) for field in fields)
    if any(_is_text(one) for one in plain):
        found = pa.large_string()
    elif _are_beyond_whole(plain):
        found = pa.float64()
    else:
        try:
            schemas = [pa.schema([("one", one)]) for one in plain]
            found = pa.unify_schemas(schemas, promote_options="permissive").field(0).type
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError) as error:
            raise DataError(
                f"{source}: column {fields[0].name!r} is of another type in another partition: "
                f"{' and '.join(sorted(map(str, plain)))}; give all partitions one type"
            ) from error
    return pa.field(fields[0].name, pa.dictionary(pa.int32(), found) if declared else found)


def _are_beyond_whole(kinds: Collection[Any]) -> bool:
    """Whole numbers that no whole type holds together: pandas makes float64 of them."""
    signed = any(pa.types.is_signed_integer(one) for one in kinds)
    return signed and pa.uint64() in kinds and all(map(pa.types.is_integer, kinds))


def _value_type(kind: Any) -> Any:
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _is_text(kind: Any) -> bool:
    tests: tuple[Callable[[Any], bool], ...] = (
        pa.types.is_string,
        pa.types.is_large_string,
        pa.types.is_string_view,
    )
    return any(test(kind) for test in tests)


def _in_types(table: Any, schema: Any) -> Any:
    """Return a table's columns in the order and the types of a schema."""
    columns = [_named_cast(table, field) for field in schema]
    return pa.Table.from_arrays(columns, schema=schema)


def _named_cast(table: Any, field: Any) -> Any:
    try:
        return _cast(table[field.name], field.type)
    except pa.ArrowInvalid as error:
        raise DataError(
            f"column {field.name!r} is of another type in another partition, {field.type}, which "
            f"does not hold all of its values: {error}; give all partitions one type"
        ) from error


def _cast(column: Any, kind: Any) -> Any:
    if column.type == kind:
        return column
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_dictionary(kind):
        return _of_type(column, kind.value_type).dictionary_encode().cast(kind)
    return _of_type(column, kind)


def _of_type(column: Any, kind: Any) -> Any:
    """Whole numbers beside others are rounded as these are, those above 2^53 too."""
    whole = pa.types.is_integer(column.type) and pa.types.is_floating(kind)
    return column.cast(kind, safe=not whole)

"""The table of types that both languages must agree on: each row a name, a type of Python, and values of it.

The names are those of the schemas in test/support/literal-table.ts.
"""

import datetime as dt
import enum
import typing
from dataclasses import dataclass, field

from typing_extensions import Annotated

from pydantic import BaseModel
from flytekit import FlyteDirectory, FlyteFile, StructuredDataset


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclass
class Inner:
    n: int


@dataclass
class Order:
    id: int
    price: float
    name: str
    paid: bool
    at: dt.datetime
    took: dt.timedelta
    color: Color
    inner: Inner
    xs: typing.List[int]
    prices: typing.Dict[str, float]
    items: typing.List[Inner]
    either: typing.Union[int, str]
    note: typing.Optional[str] = None
    more: typing.Optional[Inner] = None


@dataclass
class WithDefaults:
    a: int = 7
    tags: typing.List[str] = field(default_factory=list)


@dataclass
class Files:
    report: FlyteFile
    folder: FlyteDirectory
    rows: StructuredDataset


class Part(BaseModel):
    n: int


class Model(BaseModel):
    id: int
    at: dt.datetime
    took: dt.timedelta
    part: Part
    parts: typing.List[Part] = []
    note: typing.Optional[str] = None


UTC = dt.timezone.utc
ORDER = Order(
    id=1,
    price=2.0,
    name="Zoë 🚀",
    paid=False,
    at=dt.datetime(2020, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
    took=dt.timedelta(days=-1, seconds=5, microseconds=250),
    color=Color.BLUE,
    inner=Inner(0),
    xs=[0, -1, 2**40],
    prices={"z": 1.0, "a": 0.5, "7": 0.0},
    items=[Inner(1), Inner(2)],
    either="five",
    note="",
    more=Inner(3),
)
EMPTY_ORDER = Order(
    id=0,
    price=0.0,
    name="",
    paid=False,
    at=dt.datetime(1970, 1, 1, tzinfo=UTC),
    took=dt.timedelta(0),
    color=Color.RED,
    inner=Inner(0),
    xs=[],
    prices={},
    items=[],
    either=0,
)

FILES = Files(
    FlyteFile("s3://bucket/a"),
    FlyteDirectory("s3://bucket/d"),
    StructuredDataset(uri="s3://bucket/t", file_format="parquet"),
)

Row = typing.Tuple[str, typing.Any, typing.List[typing.Any]]

ROWS: typing.List[Row] = [
    ("integer", int, [0, 1, -1, 2**53 - 1, -(2**53) + 1]),
    ("bigint", int, [0, 2**63 - 1, -(2**63)]),
    ("float", float, [0.0, -0.0, 1.0, 1.5, 1e300, 5e-324, float("inf"), float("-inf"), float("nan")]),
    ("string", str, ["", "a", "Zoë 🚀", "a\0b", "\u2028"]),
    ("boolean", bool, [False, True]),
    ("enum", Color, [Color.RED, Color.BLUE]),
    (
        "date",
        dt.datetime,
        [
            dt.datetime(1970, 1, 1, tzinfo=UTC),
            dt.datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC),
            dt.datetime(9999, 12, 31, tzinfo=UTC),
            dt.datetime(2020, 1, 2, 3, 4, 5, 678000, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        ],
    ),
    (
        "duration",
        dt.timedelta,
        [dt.timedelta(0), dt.timedelta(seconds=-1.5), dt.timedelta(days=400, microseconds=1)],
    ),
    ("none", type(None), [None]),
    ("list", typing.List[int], [[], [0], [3, 1, 2]]),
    ("list of lists", typing.List[typing.List[str]], [[], [[]], [["a"], []]]),
    ("map", typing.Dict[str, float], [{}, {"b": 0.0, "a": 1.5, "7": -0.0, "__proto__": 2.0, "": 1.0}]),
    ("map of lists", typing.Dict[str, typing.List[bool]], [{"x": [False]}]),
    ("optional", typing.Optional[int], [None, 0, 5]),
    ("nullable", typing.Optional[str], [None, ""]),
    ("union", typing.Union[int, str, bool, float], [0, "", False, 0.5, True]),
    (
        "union of kinds",
        typing.Union[Inner, typing.List[int], typing.Dict[str, int], dt.datetime, dt.timedelta, None],
        # No map: to flytekit it might be an Inner as well.
        [[1], Inner(5), dt.datetime(2020, 1, 1, tzinfo=UTC), dt.timedelta(seconds=1), None],
    ),
    ("struct", Order, [ORDER, EMPTY_ORDER]),
    ("struct with defaults", WithDefaults, [WithDefaults(), WithDefaults(0, ["a"])]),
    ("list of structs", typing.List[Inner], [[], [Inner(0), Inner(1)]]),
    ("map of structs", typing.Dict[str, Inner], [{"a": Inner(0)}]),
    (
        "any",
        dict,
        [
            {},
            {"a": 1, "b": 2.5, "c": [None, False, "", []], "d": {"e": {"f": -1}}},
            {"big": 2**63 - 1, "small": -(2**40), "7": 0, "__proto__": {"polluted": True}},
        ],
    ),
    ("file", FlyteFile, [FlyteFile("s3://bucket/a.bin")]),
    ("file of a format", FlyteFile["csv"], [FlyteFile["csv"]("s3://bucket/a.csv")]),
    ("directory", FlyteDirectory, [FlyteDirectory("s3://bucket/folder")]),
    ("dataset", StructuredDataset, [StructuredDataset(uri="s3://bucket/rows", file_format="parquet")]),
    ("optional file", typing.Optional[FlyteFile], [None, FlyteFile("s3://bucket/a.bin")]),
    ("struct of files", Files, [FILES]),
    (
        "pydantic model",
        Model,
        [Model(id=0, at=dt.datetime(2020, 1, 1, tzinfo=UTC), took=dt.timedelta(seconds=1.5), part=Part(n=0))],
    ),
    (
        "pydantic model or none",
        typing.Optional[Model],
        [
            None,
            Model(
                id=1,
                at=dt.datetime(2020, 1, 1, 0, 0, 0, 500000, tzinfo=UTC),
                took=dt.timedelta(days=-1),
                part=Part(n=1),
                parts=[Part(n=2)],
                note="",
            ),
        ],
    ),
    (
        "dataset of columns",
        Annotated[StructuredDataset, {"a": int, "b": str}],
        [StructuredDataset(uri="s3://bucket/rows", file_format="parquet")],
    ),
]


def as_json(value: typing.Any) -> typing.Any:
    """A value as JSON; what JSON has no words for is an object with one key that begins with `$`."""
    import dataclasses
    import math

    if isinstance(value, enum.Enum):
        return value.value
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else {"$bigint": str(value)}
    if isinstance(value, float):
        if math.isfinite(value) and not (value == 0 and math.copysign(1, value) < 0):
            return value
        return {"$float": "-0" if value == 0 else str(value)}
    if isinstance(value, dt.datetime):
        return {"$date": value.astimezone(UTC).isoformat()}
    if isinstance(value, dt.timedelta):
        return {"$duration": round(value / dt.timedelta(microseconds=1))}
    if isinstance(value, FlyteFile):
        return {"$file": str(value.remote_source or value.path)}
    if isinstance(value, FlyteDirectory):
        return {"$directory": str(value.remote_source or value.path)}
    if isinstance(value, StructuredDataset):
        uri = value.uri or (value.literal.uri if value.literal else None)
        return {"$dataset": uri}
    if dataclasses.is_dataclass(value):
        return {"$struct": {f.name: as_json(getattr(value, f.name)) for f in dataclasses.fields(value)}}
    if isinstance(value, BaseModel):
        return {"$struct": {name: as_json(getattr(value, name)) for name in type(value).model_fields}}
    if isinstance(value, dict):
        # Pairs: a key like `$date` or `__proto__` is then data, too.
        return {"$map": [[str(key), as_json(item)] for key, item in sorted(value.items())]}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    raise TypeError(f"no JSON for {value!r}")

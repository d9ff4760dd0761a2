"""How numbers are written: which mark divides the fraction, which one groups thousands, as many cells show it."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np

from messages.tables.columns import Floats, Mask

EMPTY = (
    "", "NaN", "nan", "NAN", "NULL", "null", "Null", "NA", "N/A", "n/a", "na", "None", "none", "nil", "#N/A", "#NA",
    "#VALUE!", "#DIV/0!", "#REF!", "#NULL!", "<NA>", "NaT", "-", "--", "---", "?", ".",
)  # fmt: skip
"""What stands where there is no number."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_MONEY = re.compile(r"[$€£¥₩₹]")
_THOUSANDS = re.compile(r"(?<=\d)[\s'\u2019\u00a0\u202f](?=\d{3}(?!\d))")
_IN_32NDS = re.compile(r"[89]\d'(?:[0-2]\d|3[01])[0257]?|1\d\d'(?:[0-2]\d|3[01])[0257]?")
_TWO_POINTS = re.compile(r"\.[^.\n]*\.")
_FAR = re.compile(r"[eE]\+?\d{4}")
_MULTIPLES = {"k": 1e3, "m": 1e6, "b": 1e9}


class Numerals(msgspec.Struct, frozen=True, kw_only=True):
    """The marks within a file's numbers."""

    point: str = "."
    """What divides the fraction."""
    grouping: str = ""
    """What groups thousands, empty: nothing does."""


def numerals_of(cells: Iterable[str], *, divided_by_commas: bool) -> Numerals:
    """Return how numbers are written, judged by many of them.

    Args:
        cells: some cells that hold numbers.
        divided_by_commas: whether commas divide the cells, so that a comma within one was quoted: then ``1,100`` is
            a thousand and more. Elsewhere it is a fraction, as where no cell has any mark.
    """
    cells = [*cells]
    if "," not in (text := "\n".join(cells)):  # as nearly everywhere: no cell has to be looked at
        if "." not in text:
            return Numerals() if divided_by_commas else Numerals(point=",")
        return Numerals(point=",", grouping=".") if _TWO_POINTS.search(text) else Numerals()
    written = [cell for cell in cells if "," in cell or "." in cell]
    grouped = {mark: all(_is_grouped(cell, mark) for cell in written if mark in cell) for mark in ",."}
    if any("," in cell and "." in cell for cell in written):
        last = [max(cell.rfind(","), cell.rfind(".")) for cell in written if "," in cell and "." in cell]
        both = [cell for cell in written if "," in cell and "." in cell]
        point = "," if sum(cell[at] == "," for cell, at in zip(both, last, strict=True)) * 2 > len(both) else "."
        return Numerals(point=point, grouping="." if point == "," else ",")
    if "." in text:
        return Numerals(point=",", grouping=".") if grouped["."] and not grouped[","] else Numerals(grouping=",")
    is_grouping = grouped[","] and (divided_by_commas or any(cell.count(",") > 1 for cell in written))
    return Numerals(grouping=",") if is_grouping else Numerals(point=",")


def _is_grouped(cell: str, mark: str) -> bool:
    return re.fullmatch(rf"[^\d]*[1-9]\d{{0,2}}(\{mark}\d{{3}})+", cell) is not None


def read(cells: Any, numerals: Numerals) -> tuple[Floats, Mask]:
    """Return the numbers of some cells, NaN where there is none, and which cells could be read or are empty."""
    import pandas as pd

    series = pd.Series(cells, dtype=object)
    if numerals.grouping:
        series = series.str.replace(numerals.grouping, "", regex=False)
    if numerals.point != ".":
        series = series.str.replace(numerals.point, ".", regex=False)
    texts = series.to_numpy(dtype=object)
    if "e" in (text := "\n".join(texts)) or "E" in text:  # far beyond a float: pandas 2.3 may end the process on it
        series = series.mask(series.str.contains(_FAR), "")
    numbers: Floats = pd.to_numeric(series, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    for place in np.flatnonzero(np.isnan(numbers)).tolist():
        numbers[place] = _number(texts[place])
    return numbers, ~np.isnan(numbers) | np.isin(cells.astype(str), EMPTY)


def _number(text: str) -> float:
    """Return a number with a unit of money, blanks between thousands or a K, M or B behind it; NaN: it is none."""
    if not text.isascii():  # digits and marks as wide as letters, and the minus of typesetters
        text = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    # To pandas 2 a number beyond a float, 1e400, is no number; to pandas 3 and pyarrow it is infinite.
    bare = _THOUSANDS.sub("", _MONEY.sub("", text).strip())
    multiple = _MULTIPLES.get(bare[-1:].lower(), 1.0)
    bare = bare[:-1].rstrip() if multiple != 1.0 else bare
    return float(bare) * multiple if _NUMBER.fullmatch(bare) else np.nan


def are_in_32nds(cells: Iterable[str]) -> bool:
    """Return whether all prices are written as those of US treasuries are, ``110'16`` for 110 and 16/32."""
    texts = list(cells)
    return bool(texts) and all(map(_IN_32NDS.fullmatch, texts))


def is_number(text: str) -> bool:
    """Return whether a text is a number, whatever its marks."""
    return not np.isnan(_number(text.replace(",", "").replace(".", "")))


def value_of(text: str, numerals: Numerals) -> float:
    """Return the number that a cell is, or NaN."""
    bare = text.replace(numerals.grouping, "") if numerals.grouping else text
    return _number(bare.replace(numerals.point, "."))

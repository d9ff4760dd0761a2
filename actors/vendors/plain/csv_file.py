"""Plain delimited text with a header that names its columns, in any order and under any usual name.

One minute a row; any packing (.gz, .zst, .zip), any of the delimiters ``, ; tab |``. Stamps are ISO times, whole
seconds to nanoseconds since 1970, or a date and a time as people write them. RFC 4180 is as near as it has to a norm.
"""

from actors.reading import delimited, layout
from actors.reading.format import Coverage, Format
from actors.reading.peek import Head


def _sniff(head: Head) -> bool:
    return not head.is_json and layout.is_of_bars(head)


CSV = Format(
    name="csv",
    title="plain CSV",
    source="https://www.rfc-editor.org/rfc/rfc4180",
    stamp=None,
    tz=None,
    adjusted=None,
    coverage=Coverage.ALL,
    emits_empty_minutes=False,
    sniff=_sniff,
    read=delimited.TextReader(delimited.opens),
)

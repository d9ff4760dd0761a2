"""What columns are called, in English and in the languages of the exchanges and portals that people export from.

The other names are those of Upbit (https://docs.upbit.com), tushare (https://tushare.pro/document/2), Deutsche
Boerse's public data set (https://github.com/Deutsche-Boerse/dbg-pds), Barchart and Sierra Chart, and what Spanish,
Portuguese, German, French, Chinese, Korean, Japanese and Russian programs call a date, a time, prices and a volume.
"""

import re
import unicodedata
from collections.abc import Callable, Container, Mapping, Sequence

import msgspec

from actors.reading import stamps
from actors.reading.spelling import prices, volumes
from messages.errors import DataError
from messages.tables.columns import FIELDS

STAMP, DATE, CLOCK, SYMBOL = "time", "date", "clock", "symbol"
IS_OVER = "is over"
"""The column that says whether a bar is over, or still in the making."""
MORE_VOLUME = "volume too"
"""The column to be added to the volume, where two together are it."""
PRICES = FIELDS[:4]
_TIMES = (STAMP, DATE, CLOCK)

NEEDED = (
    "a header naming a time (time, timestamp, datetime, date + time), open, high, low and close, "
    "and if there are any volume, vwap, trades, symbol"
)


def plain(name: str) -> str:
    """Return a column's name as it is compared: lower case, without accents, and only letters and digits."""
    letters = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", _NUMBERED.sub("", name)).lower())
    bare = "".join(letter for letter in letters if unicodedata.category(letter) != "Mn")
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFC", bare))


def plain_all(header: Sequence[str]) -> list[str]:
    """Return the names of columns as they are compared; of ``t`` and ``T``, start and end of a bar, the small one."""
    bare = {name.strip() for name in header}
    return ["" if _CAPITAL.fullmatch(name.strip()) and name.strip().lower() in bare else plain(name) for name in header]


_CAPITAL = re.compile(r"[A-Z]")
_NUMBERED = re.compile(r"^\d+\.\s+")

_ENDS = (
    "closetime", "endtime", "end", "barend", "barendtime", "barclosetime", "endtimestamp", "timestampend", "timeend",
    "enddatetime", "datetimeend", "periodend", "timeperiodend", "windowend", "candleend", "candleclosetime",
)  # fmt: skip
"""What the end of a bar is called."""

# Of several the first in this order counts.
_NAMES = {
    # What says its zone, or is counted in one, before what may be anywhere's; the start before the end.
    STAMP: ("candledatetimeutc", "timestamputc", "datetimeutc", "timeutc", "gmttime", "timegmt", "datetimegmt",
            "unixtimestamp", "unixtime", "timestampms", "timestampus", "timestampns", "timestampunix", "epochms",
            "timestamp", "datetime", "ts", "opentime", "starttime", "start", "windowstart", "timeperiodstart",
            "begin", "bartime", "tsevent", "unix", "epoch", "t", "tsms", "tsns", "timekey", "barstart", "barstarttime",
            "starttimestamp", "timestampstart", "timestart", "startdatetime", "candlestart", "opentimems",
            "opentimeiso", "indexlevel0", "localtime", "dateandtime", "tradetime", "epochtime", "dates",
            "timeeet", "candledatetimekst", "fechahora", "fechayhora", "datahora", "zeitstempel",
            "datumzeit", "horodatage", "交易时间", "成交时间", "日期时间", "日時", "일시", "체결시간", "mts", "startat",
            "periodstart", "candletime", "datatempo", "dataora", "utc", "gmt", "beginsat", "startedat", "timebarstart",
            *_ENDS),
    DATE: ("date", "day", "tradedate", "tradingday", "localdate", "exchangedate", "dt",
           "fecha", "data", "datum", "日期", "交易日期", "日付", "날짜",
           "일자", "дата", "dtyyyymmdd", "yyyymmdd"),
    CLOCK: ("time", "timeofday", "minute", "hour", "clock", "hora", "ora", "heure", "uhrzeit", "zeit", "时间", "時間",
            "時刻", "시간", "시각", "время"),
    "open": ("open", "o", "openprice", "first", "openingprice", "startprice", "apertura", "abertura", "eroffnung",
             "eroffnungskurs", "ouverture", "开盘", "开盘价", "開盤", "開盤價", "今开", "시가", "始値", "открытие",
             "mido", "midopen", "erster", "priceopen", "pxopen", "firsttradeprice"),
    "high": ("high", "h", "highprice", "max", "maxprice", "maximo", "maxima", "alto", "hoch", "hochst", "hochstkurs",
             "haut", "plushaut", "最高", "最高价", "最高價", "고가", "高値", "максимум", "massimo",
             "maximum", "midh", "midhigh", "pricehigh", "pxhigh", "hightradeprice"),
    "low": ("low", "l", "lowprice", "min", "minprice", "minimo", "minima", "bajo", "baixo", "tief", "tiefst",
            "tiefstkurs", "bas", "plusbas", "最低", "最低价", "最低價", "저가", "安値", "минимум", "minimum",
            "midl", "midlow", "pricelow", "pxlow", "lowtradeprice"),
    "close": ("close", "c", "closeprice", "last", "lastprice", "closelast", "endprice", "tradeprice", "latest",
              "cierre", "ultimo", "fechamento", "schluss", "schlusskurs", "cloture", "dernier", "收盘", "收盘价",
              "收盤", "收盤價", "종가", "終値", "закрытие", "chiusura", "midc", "midclose", "closingprice",
              "priceclose", "pxclose", "lasttradeprice"),
    "volume": ("periodvolume", "periodvol", "prdvlm", "barvolume", "volume", "vol", "v", "qty", "quantity",
               "size", "tickvolume", "tickvol", "tradedvolume", "candleacctradevolume", "stuecke", "stucke",
               "volumen", "cantidad", "umsatz", "成交量", "거래량", "出来高", "объем",
               "totalvolume", "totalvol", "volumetraded", "tradevolume", "sxsum"),
    "vwap": ("vwap", "vw", "wap", "average", "weightedprice", "均价", "均價"),
    "trades": ("trades", "tradecount", "n", "transactions", "numberoftrades", "numtrades", "count", "oftrades",
               "tradesdone", "tradescount", "sxcnt", "numtrds", "totaltrades", "成交笔数", "체결건수"),
    SYMBOL: ("symbol", "ticker", "sym", "instrument", "code", "secid", "ric", "s", "tscode", "mnemonic", "contract",
             "stockcode", "instrumentid", "instrumentname", "股票代码", "证券代码", "代码", "종목코드", "銘柄コード",
             "銘柄", "orderbookid", "productid", "instid", "securityid", "seccode", "tradingsymbol", "pair",
             "currencypair", "ativo", "activo", "titolo", "isin"),
    IS_OVER: ("complete", "iscomplete", "isfinal", "final", "confirm", "confirmed", "isconfirmed", "isclosed", "closed",
              "finished", "isfinished"),
}  # fmt: skip
_SYNONYMS = {role: tuple(dict.fromkeys(map(plain, names))) for role, names in _NAMES.items()}

_END = re.compile(r"[(\[][^)\]]*\b(?:end|close)\b", re.IGNORECASE)
_CLOCK = re.compile(r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?")
_WHOLE_STAMP = re.compile(r"\d{4}-\d\d?-\d\d?[T ]|\d{12}")
_UNNAMED = re.compile(r"(Unnamed: ?0|index|level_0)?")
_NUMBERS = ("ticks", "id")
"""What Deribit and HTX call the start of a bar, and others a count."""
_ZONES = {
    "utc": "UTC", "gmt": "UTC", "eet": "Europe/Athens", "cet": "Europe/Berlin", "et": "America/New_York",
    "kst": "Asia/Seoul", "jst": "Asia/Tokyo", "hkt": "Asia/Hong_Kong", "msk": "Europe/Moscow",
}  # fmt: skip
_ZONE = re.compile(rf"(?:^|[\W_])({'|'.join(_ZONES)})(?:$|[\W_])", re.IGNORECASE)
_AHEAD = re.compile(r"(?:^|[\W_])(?:utc|gmt)\s*([+-\u2212]\d{1,2}(?::?[0-5]\d)?)\b", re.IGNORECASE)
_UTC = {"utc", "gmt", "zulu"}
_LOCAL = {"local", "exchange", "market", "et", "est", "edt", "cet", "eet", "ist", "jst", "kst", "hkt", "msk"}
_HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_OF_GREENWICH = re.compile(r"\[G\]$")  # Refinitiv's Date[G] and Time[G]
_PLACE = re.compile(r"[(\[]([A-Za-z]+/[\w/+-]+)[)\]]$")
_OTHER_ZONES = ("est", "edt", "cst", "ist", "local")
_SUFFIX = re.compile(
    rf"\s*[(\[\uff08].*$|[\s_]+(?:{'|'.join((*_ZONES, *_OTHER_ZONES))})(?:[+-]\d[\d:]*)?$",
    re.IGNORECASE,
)


_DAY_FIRST = {
    "fecha", "fechahora", "fechayhora", "hora", "datum", "uhrzeit", "zeit", "datumzeit", "zeitstempel", "heure",
    "horodatage", "data", "datahora", "datatempo", "dataora", "ora", "дата", "время", "ouverture", "apertura",
    "abertura", "eroffnung",
}  # fmt: skip
"""Words of languages in which the day comes first, wherever the month does not have letters."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a header says."""

    places: dict[str, int]
    """For each role its column."""
    zone: str | None = None
    """The zone that the name of the time states: ``Gmt time``, ``Time (EET)``, ``datetime_utc``, ``Date (UTC+8)``."""
    is_day_first: bool = False
    """Whether its words are of a language in which dates begin with the day."""
    is_end: bool = False
    """Whether the name of the time says that it is the end of the bar."""
    is_of_many: bool = False
    """Whether there are other times beside that in UTC: whoever says a zone means those."""


def read(header: Sequence[str], row: Sequence[str] = ()) -> Header:
    """Return what a header says.

    Args:
        header: the names.
        row: a row, if one is known: its stamp may stand in a first column without a name, as in a frame's index.

    Raises:
        DataError: a column that a bar needs is not there; names those that are.
    """
    places = places_of(header, row)
    name = header[places.get(STAMP, places.get(CLOCK, 0))]
    return Header(
        places=places,
        zone=zone_of(name),
        is_of_many=is_of_many(name, header),
        is_day_first=not _DAY_FIRST.isdisjoint(map(plain, header)),
        is_end=plain(name) in _ENDS or _END.search(name) is not None,
    )


def zone_of(name: str) -> str | None:
    """Return the zone that the name of a time states, or ``None``."""
    if ahead := _AHEAD.search(name):
        return f"UTC{ahead[1]}".replace("\u2212", "-")
    zone, place = _ZONE.search(name), _PLACE.search(name)
    if zone is None and place is None and (_UTC.intersection(_words(name)) or _OF_GREENWICH.search(name)):
        return "UTC"
    return _ZONES[zone[1].lower()] if zone else place[1] if place else None


def is_of_many(name: str, header: Sequence[str]) -> bool:
    """Return whether a time in UTC stands beside others that are in no zone, or in another."""
    if zone_of(name) != "UTC":
        return False
    bare = (
        "".join(word for word in _words(other) if word not in _LOCAL) for other in header if zone_of(other) != "UTC"
    )
    return any(_is_time(plain(word)) for word in bare if word)


def _words(name: str) -> list[str]:
    """Return the words of a name, in small letters: of ``utcTime`` two."""
    return [word.lower() for word in _HUMP.findall(name)]


def places_of(header: Sequence[str], row: Sequence[str] = ()) -> dict[str, int]:
    """Return which column holds what: ``time`` (or ``date`` and ``clock``), the prices, and what else there is.

    Raises:
        DataError: a column that a bar needs is not there; names those that are.
    """
    found = _found(header)
    _set_right(found, header, row)
    if (utc := _in_utc(found, header, row)) is not None:
        found[STAMP] = utc
    if STAMP in found:
        found.pop(DATE, None)
        found.pop(CLOCK, None)
    elif DATE not in found or CLOCK not in found:
        found |= {STAMP: found.pop(DATE, found.pop(CLOCK, -1))} if DATE in found or CLOCK in found else {}
    if STAMP not in found and DATE not in found:
        found |= _among_numbers(header, row)
    if not {"hour", "minute"} - set(map(plain, header)) and CLOCK in found:
        raise DataError("hour and minute stand in columns of their own; needed is one column of clock times, as 09:30")
    check_needed(found, header)
    return found


def check_needed(found: Container[str], header: Sequence[str]) -> None:
    """Check that time and prices are among what was found in a header.

    Raises:
        DataError: they are not; names the columns that are there.
    """
    has_time = STAMP in found or DATE in found
    missing = [*(() if has_time else (STAMP,)), *(role for role in PRICES if role not in found)]
    if missing:
        raise DataError(f"no column for {', '.join(missing)} among {', '.join(header)[:200]!r}")


def with_volume(
    places: dict[str, int],
    header: Sequence[str],
    has_any: Callable[[int], bool],
    is_money_of: Callable[[int, int], bool] = lambda _one, _other: False,
) -> dict[str, int]:
    """Return which column holds what, once the numbers say which of several is the volume.

    Args:
        places: what the names say.
        header: the names.
        has_any: whether a column has any number but 0.
        is_money_of: whether a column is what another comes to at the bar's prices.
    """
    taken = {place for role, place in places.items() if role != "volume"}
    names = ["" if place in taken else name for place, name in enumerate(plain_all(header))]
    found = {role: place for role, place in places.items() if role != "volume"}
    return found | dict(
        zip(("volume", MORE_VOLUME), volumes.chosen(names, places.get("volume"), has_any, is_money_of), strict=False)
    )


def units_told(names: Sequence[str], places: Mapping[str, int]) -> tuple[str, ...]:
    """Return what the names say of how prices and volume are counted.

    Args:
        names: of all columns; nothing where there is no header.
        places: which column holds what.

    Raises:
        DataError: what stands for prices are none.
    """
    return (*prices.unit_told(names, places), *volumes.unit_told(names, places))


def roles_named(names: Sequence[str]) -> tuple[str, ...]:
    """Return the role of each column that somebody names by hand, empty where it is none.

    Raises:
        DataError: a column that a bar needs is not among them.
    """
    roles = {place: role for role, place in places_of(names).items()}
    return tuple(roles.get(place, "") for place in range(len(names)))


def role_of(name: str) -> str | None:
    """Return what a word as the name of a column says that it holds, or ``None``."""
    return next((role for role, known in _SYNONYMS.items() if plain(name) in known), None)


def is_known(name: str) -> bool:
    """Return whether a word is the name of a column."""
    return any(plain(name) in known for known in _SYNONYMS.values())


def _found(header: Sequence[str]) -> dict[str, int]:
    """Return the column of each role by its name, else by its name without what stands in brackets or a zone."""
    names, bare = (plain_all(written) for written in (header, [_SUFFIX.sub("", name) for name in header]))
    exact = {role: _place(names, known) for role, known in _SYNONYMS.items()}
    has_time = any(exact[role] is not None for role in _TIMES)
    loose = {role: _place(bare, known) for role, known in _SYNONYMS.items() if not (has_time and role in _TIMES)}
    places = {role: loose.get(role) if place is None else place for role, place in exact.items()}
    found = {role: place for role, place in places.items() if place is not None}
    return found if all(role in found for role in PRICES) else found | prices.qualified(header)


def _place(names: Sequence[str], known: Sequence[str]) -> int | None:
    return next((names.index(name) for name in known if name in names), None)


def _set_right(found: dict[str, int], header: Sequence[str], row: Sequence[str]) -> None:
    """Let a row say which of date and time is what: a ``timestamp`` beside a date may be a clock's time only."""
    cells = {role: row[place] for role, place in found.items() if place < len(row)}
    if DATE not in found and _CLOCK.fullmatch(cells.get(STAMP, "")):
        place = _place([plain(_SUFFIX.sub("", name)) for name in header], _SYNONYMS[DATE])
        found |= {} if place is None else {DATE: place}
    if DATE in found and _CLOCK.fullmatch(cells.get(STAMP, "")):
        found[CLOCK] = found.pop(STAMP)
    elif STAMP not in found and _WHOLE_STAMP.match(cells.get(CLOCK, "")):
        found[STAMP] = found[CLOCK]
    elif DATE in found and CLOCK in found and STAMP not in found and ":" in cells.get(DATE, ""):
        found[STAMP] = found[DATE]


def _in_utc(found: Mapping[str, int], header: Sequence[str], row: Sequence[str]) -> int | None:
    """Return the column of whole stamps in UTC, where there is one beside times of which nobody says the zone."""
    chosen = [found[role] for role in _TIMES if role in found]
    if any(place >= len(header) or zone_of(header[place]) for place in chosen):
        return None
    return next(
        (
            place
            for place, name in enumerate(header)
            if zone_of(name) == "UTC"
            and _is_time("".join(word for word in _words(name) if word not in _UTC))
            and (place < len(row) and stamps.is_stamp(row[place]) if row else place not in chosen)
        ),
        None,
    )


def _is_time(bare: str) -> bool:
    return not bare or any(bare in _SYNONYMS[role] for role in _TIMES)


def _among_numbers(header: Sequence[str], row: Sequence[str]) -> dict[str, int]:
    """Return the column of stamps where no name says it: an index, or what is as large as only instants are."""
    if header and row and _UNNAMED.fullmatch(header[0]) and stamps.is_stamp(row[0]):
        return {STAMP: 0}
    names = list(map(plain, header))
    places = [names.index(name) for name in _NUMBERS if name in names]
    found = [at for at in places if at < len(row) and stamps.form_of(row[at]) is stamps.StampForm.EPOCH]
    return {STAMP: found[0]} if found else {}

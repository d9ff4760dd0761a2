"""Words within stamps: weekdays, hours and dates in Chinese, Japanese and Korean, and zones behind the time.

Zones are those of https://www.iana.org/time-zones and the abbreviations that mean one offset everywhere; CST (Chicago
or China), IST (India, Israel or Ireland) and the like mean several, and are left out as if they were not there.
"""

import re
import unicodedata

_FIXED = {
    "Z": 0, "UT": 0, "UTC": 0, "GMT": 0, "EST": -300, "EDT": -240, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480,
    "PDT": -420, "WET": 0, "WEST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180, "MSK": 180, "JST": 540,
    "KST": 540, "HKT": 480, "SGT": 480, "AEST": 600, "AEDT": 660,
}  # fmt: skip
_PLACES = {"ET": "America/New_York", "CT": "America/Chicago", "PT": "America/Los_Angeles"}
_SEVERAL = "CST|IST|BST|AST|SST"

_AT = r".*?\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?(?![A-Za-z]))?|\d{8}[T ]\d{4,6}(?:\.\d+)?"
_OFFSET = r"(?:UTC|GMT)? ?[+-]\d\d?(?::?\d\d)?"
_PLACE = r"[A-Za-z_]+/[A-Za-z_/+\-\d]+"
_ZONED = re.compile(
    rf"(?P<rest>{_AT})\s*(?:(?P<offset>{_OFFSET})\s*(?:\[{_PLACE}\]|\([\w ]+\)|[A-Z]{{2,5}})?"
    rf"|\(?(?P<word>{_PLACE}|{'|'.join([*_FIXED, *_PLACES])})\)?)"
)
_SEVERAL_WORD = re.compile(rf"(?<=[\d:MmAP])\s*\(?\b(?:{_SEVERAL})\b\)?$")
_WEEKDAY = re.compile(
    r"\b(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?\b[.,]?\s*"
    r"|\b(?:lunes|martes|mi.?rcoles|jueves|viernes|s.?bado|domingo|montag|dienstag|mittwoch|donnerstag|freitag|samstag"
    r"|sonntag)\b[.,]?\s*|^(?:mo|di|mi|do|fr|sa|so)\b[.,]?\s+",
    re.IGNORECASE,
)
_EASTERN_WEEKDAY = re.compile(
    r"(?:星期|礼拜|周|週)[一二三四五六日天]|[月火水木金土日]曜日?|[월화수목금토일]요일|\([月火水木金土日월화수목금토일一二三四五六]\)"
)
_EASTERN_DATE = re.compile(r"(\d+)\s*[年년]\s*(\d+)\s*[月월]\s*(\d+)\s*[日日일号號]?")
_EASTERN_CLOCK = re.compile(r"(\d+)\s*[時时点點시]\s*(\d+)\s*[分분]\s*(?:(\d+)\s*[秒초])?")
_BEFORE_NOON = re.compile(r"(?:上午|午前|오전)\s*([\d:.]+)")
_AFTER_NOON = re.compile(r"(?:下午|午後|午后|오후)\s*([\d:.]+)")
_CTIME = re.compile(r"([A-Z][a-z]{2}) +(\d\d?) (\d\d:\d\d:\d\d) ((?:[A-Z]{1,5} )?)(\d{4})\b")
_KDB = re.compile(r"^(\d{4}[-.]\d\d[-.]\d\d)D(?=\d)")
_MONTHS = {
    "Jan": "januar janvier janv enero ene gennaio gen janeiro",
    "Feb": "februar février févr fevr fevrier febrero febbraio fevereiro fev",
    "Mar": "märz mrz maerz mars marzo março marco",
    "Apr": "avril avr abril abr aprile",
    "May": "mai mayo maggio mag maio",
    "Jun": "juni juin junio giugno giu junho",
    "Jul": "juli juillet juil julio luglio lug julho",
    "Aug": "août aout agosto ago",
    "Sep": "sept septembre septiembre settembre set setembro",
    "Oct": "oktober okt octobre octubre ottobre ott outubro out",
    "Nov": "novembre noviembre novembro",
    "Dec": "dezember dez décembre déc decembre diciembre dic dicembre dezembro",
}
_MONTH_OF = {word: month for month, words in _MONTHS.items() for word in words.split()}
_MONTH = re.compile(
    rf"(?<=\d)(\.?[- /]?)(?:de )?({'|'.join(sorted(_MONTH_OF, key=len, reverse=True))})\.?"
    r"(?=[- /]|\d)([- /]?)(?:de )?",
    re.IGNORECASE,
)
_NO_DAYS = re.compile(r"(?:^|(?<= ))0 days?,? (?=\d)")  # before a timedelta of pandas
_LETTER = re.compile(r"[A-Za-z]")


def plain(text: str) -> str:
    """Return a stamp without weekday, and with date and time in digits; one that is plain already as it is."""
    if not text.isascii():
        text = _EASTERN_WEEKDAY.sub(" ", unicodedata.normalize("NFKC", text))
        text = _EASTERN_DATE.sub(r"\1-\2-\3 ", text)
        text = _EASTERN_CLOCK.sub(lambda found: ":".join(part for part in found.groups() if part), text)
        text = _AFTER_NOON.sub(r"\1 PM", _BEFORE_NOON.sub(r"\1 AM", text))
    elif not _LETTER.search(text):
        return text
    text = _NO_DAYS.sub("", text)
    text = _MONTH.sub(lambda found: found[1].lstrip(".") + _MONTH_OF[found[2].lower()] + found[3], text)
    text = _SEVERAL_WORD.sub("", _WEEKDAY.sub("", _KDB.sub(r"\1 ", _CTIME.sub(r"\2 \1 \5 \3 \4", text))))
    return " ".join(text.split())


def zoned(text: str) -> tuple[str, str | int] | None:
    """Return a stamp without the zone behind it, and that zone, by its name or in minutes east; else ``None``."""
    if text.endswith("z"):
        text = f"{text[:-1]}Z"
    found = _ZONED.fullmatch(_CTIME.sub(r"\2 \1 \5 \3 \4", text).strip())
    if found is None:
        return None
    if found["offset"]:
        return found["rest"].strip(), _minutes(found["offset"])
    word = found["word"]
    return found["rest"].strip(), _FIXED[word] if word in _FIXED else _PLACES.get(word, word)


def _minutes(offset: str) -> int:
    digits = re.sub(r"[^\d]", "", offset)
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    return (int(hours) * 60 + int(minutes)) * (-1 if "-" in offset else 1)

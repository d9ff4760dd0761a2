#!/bin/bash
# exchange_calendars declares special trading days as weeks with a mask of their own, so one would take every day of such
# a mask that is no holiday for a session. Not so: XMOS declares Monday 2009-01-05 to Sunday 2009-01-11 as "1111101", for
# Moscow traded on that Sunday, and the calendar has no session on it: the other days of that week are all holidays, and
# the walk from one business day to the next steps over a week that has nothing but its last day. A neighbour of the same
# kind, Saturday 2008-11-01 in a week with other sessions, is there. Nothing is raised or warned.
# Seen with exchange_calendars 4.13.2 and pandas 3.0.6 on Python 3.11.
set -euo pipefail
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q exchange_calendars==4.13.2 pandas==3.0.6
cd "$work"
"$work/venv/bin/python" -W ignore - <<'PY'
from datetime import date, timedelta

from exchange_calendars.exchange_calendar_xmos import XMOSExchangeCalendar

moscow = XMOSExchangeCalendar(start="1999-01-01", end="2024-12-31")
holidays = {day.date() for day in moscow.regular_holidays.holidays("1999-01-01", "2024-12-31")}
holidays |= {date.fromisoformat(str(day)[:10]) for day in moscow.adhoc_holidays}
lost = []
for first, last, mask in moscow.special_weekmasks:
    days = [first.date() + timedelta(days=step) for step in range((last - first).days + 1)]
    for day in days:
        if mask[day.weekday()] == "1" and day.weekday() > 4 and day not in holidays and not moscow.is_session(str(day)):
            lost.append(day)
print("declared as trading days of a weekend, no holidays, and no sessions:", *lost)
assert date(2009, 1, 11) in lost, "the Sunday is a session now"
assert moscow.is_session("2008-11-01")
PY

"""Special sessions that exchange_calendars 4.13 does not know, with who announced them; without a source none is here.

Written as in a user's ``special_sessions.toml``, whose word goes before this.
"""

from actors.market.hours.own import Special

# Diwali's hour of trading (Muhurat), and Saturdays and Sundays with a session.
_BOMBAY: dict[str, Special] = {
    # https://zerodha.com/marketintel/bulletin/52900 (regular hours for the Union Budget)
    "2015-02-28": "09:15-15:30",
    # https://zerodha.com/marketintel/bulletin/53008
    "2016-10-30": "18:30-19:30",
    # https://upcomingipocalendar.com/diwali-muhurat-trading-time-bse-nse (the exchange's table)
    "2017-10-19": "18:30-19:30",
    # https://moneycontrol.com/news/business/markets/diwali-2018-muhurat-trading-to-start-at-530-pm-on-november-7-3126511.html
    "2018-11-07": "17:30-18:30",
    # https://moneycontrol.com/news/business/markets/muhurat-trading-to-start-at-615-pm-on-october-27-4558391.html
    "2019-10-27": "18:15-19:15",
    # http://www.millenniumpost.in/business/stock-markets-to-be-open-on-budget-day-396918 (circulars of both exchanges)
    "2020-02-01": "09:15-15:30",
    # https://ndtv.com/business/muhurat-trading-2020-special-session-to-begin-shortly-here-are-analysts-top-picks-2325145
    "2020-11-14": "18:15-19:15",
    # https://livemint.com/market/stock-market-news/diwali-muhurat-trading-2021-timings-and-other-details-here-11635920919667.html
    "2021-11-04": "18:15-19:15",
    # https://livemint.com/market/stock-market-news/diwali-muhurat-trading-2022-date-timings-key-details-here
    "2022-10-24": "18:15-19:15",
    # https://angelone.in/announcements/market/muhurat-trading-session-12-nov
    "2023-11-12": "18:15-19:15",
    # https://hindustantimes.com/business/nse-bse-to-conduct-special-live-trading-session-tomorrow-101709260470851.html
    "2024-03-02": "09:15-10:00, 11:30-12:30",
    # https://bigul.co/blog/blog/nses-special-trading-session-on-saturday-may-18-2024-intraday-switch-to-dr-site
    "2024-05-18": "09:15-10:00, 11:30-12:30",
    # https://theindianawaaz.com/nse-bse-to-hold-diwali-muhurat-trading-session-on-nov-1-at-6-pm
    "2024-11-01": "18:00-19:00",
    # https://ndtvprofit.com/markets/mahurat-trading-2025-nse-to-hold-special-diwali-trading-session-on-oct-21-check-timings
    "2025-10-21": "13:45-14:45",
    # https://www.business-standard.com/amp/budget/news/budget-2026-bse-nse-trading-session-sunday-february-1-time-126011601035_1.html
    "2026-02-01": "09:15-15:30",
}

# The day of the university entrance exam begins and ends an hour later; the package knows those up to 2020.
_KOREA: dict[str, Special] = {
    # https://donga.com/news/amp/all/20211104/110076830/1
    "2021-11-18": "10:00-16:30",
    # https://m.khan.co.kr/economy/finance/article/202211161242001
    "2022-11-17": "10:00-16:30",
    # https://m.etoday.co.kr/view.php?idxno=2298674
    "2023-11-16": "10:00-16:30",
    # https://m.khan.co.kr/article/202410311029001
    "2024-11-14": "10:00-16:30",
    # https://donga.com/news/Economy/article/all/20251113/132759579/2
    "2025-11-13": "10:00-16:30",
    # Local elections: github.com/gerrymanoim/exchange_calendars/pull/574
    "2026-06-03": "closed",
}

# Of the exchange's products these are the hours of its equity futures, as in the package (its holidays of July and
# November, too, are theirs); Good Fridays with the jobs report end at 08:15, days of mourning at 08:30.
_CHICAGO: dict[str, Special] = {
    # https://github.com/rsheftel/pandas_market_calendars
    "2010-04-02": "17:00-08:15",
    "2012-04-06": "17:00-08:15",
    # https://daytradetowin.com/blog/good-friday-2015-trading-hours
    "2015-04-03": "17:00-08:15",
    # https://prnewswire.com/news-releases/cme-group-us-equity-interest-rate-markets-to-close-for-national-day-of-mourning-300758702.html
    "2018-12-05": "17:00-08:30",
    # https://github.com/rsheftel/pandas_market_calendars/issues/132
    "2021-04-02": "17:00-08:15",
    # https://github.com/rsheftel/pandas_market_calendars/issues/244
    "2023-04-07": "17:00-08:15",
    # https://mondovisione.com/media-and-resources/news/cme-group-announces-trading-hours-for-us-national-day-of-mourning-to-honor-for
    "2025-01-09": "17:00-08:30",
    # https://github.com/rsheftel/pandas_market_calendars/pull/456
    "2026-04-03": "17:00-08:15",
}

# Typhoons and black rainstorms.
_HONG_KONG: dict[str, Special] = {
    # https://thenationalnews.com/business/markets/hong-kong-stocks-to-resume-trading-after-morning-black-rain-storm-1.1250128
    "2021-06-28": "13:30-16:00",
    # https://scmp.com/business/article/3190086 the morning was cancelled
    "2022-08-25": "13:00-16:00",
    # https://scmp.com/business/markets/article/3233800: "full-day ... for the second time this month"
    "2023-09-01": "closed",
    "2023-09-08": "closed",
    # https://mondovisione.com/media-and-resources/news/hkex-trading-in-securities-and-derivatives-markets-to-resume-after-cancellation-1
    "2023-10-09": "14:00-16:00",
}

SPECIAL_SESSIONS: dict[str, dict[str, Special]] = {
    "XBOM": _BOMBAY,
    "XKRX": _KOREA,
    "CMES": _CHICAGO,
    "XHKG": _HONG_KONG,
}

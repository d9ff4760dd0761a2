"""Calendars that the house brings itself, and names that people use for those that there are.

What cannot be told by a source is left out: a user's own table goes before these (``OwnHours``).
"""

from actors.market.hours.own import Era, OwnCalendar

_DAY = ("09:00-10:15", "10:30-11:30", "13:30-15:00")


def _china(night: str) -> OwnCalendar:
    """Return the hours of Chinese commodity futures: those of the day are common, those of the night the product's.

    A night belongs to the next trading day, and there is none before a public holiday, weekends not counted. It is
    as today; before 2019 some products had longer ones.
    https://www.crfutu.com.cn/wsyyt/kfzx/qhqqjygz/ypjysj/A001003002017003index_1.htm (by product)
    http://qhxy.dce.com.cn/dalianshangpin/ywfw/ywzy/jyywzy/ywlcyzl26/8588664/index.html (Dalian)
    http://www.piwan.com.cn/detail/543.html (Shanghai: metals, from 20 December 2013)
    http://www.tybsix.cn/2020-02-03/101510835.html, https://m.tgb.cn/a/1ykHzr2EKsz (none from February to May 2020)
    """
    return OwnCalendar(
        tz="Asia/Shanghai",
        days="XSHG",
        segments=_DAY,
        eras=(
            Era(since="2013-12-23", segments=_DAY, night=(night,)),
            Era(since="2020-02-04", segments=_DAY),
            Era(since="2020-05-07", segments=_DAY, night=(night,)),
        ),
    )


CALENDARS = {
    # Sunday 17:00 to Friday 17:00 in New York, cut into days at 17:00: the value date rolls there. Brokers trade no
    # currencies on 25 December and 1 January, by the days of a server two hours ahead of UTC, which are these:
    # https://fxopen.com/en/news/trading-hours-schedule-for-the-2024-2025-winter-holiday-period/
    # https://www.dukascopy.com/swiss/arabic/fx-market-tools/holiday-calendar
    "FX": OwnCalendar(tz="America/New_York", segments=("17:00-17:00",), days="Mon-Fri", holidays=("12-25", "01-01")),
    # The night between two days of US stocks, at Blue Ocean's ATS: the evening before each of New York's trading days.
    # https://docs.alpaca.markets/us/docs/245-trading
    "BOATS": OwnCalendar(tz="America/New_York", segments=("20:00-04:00",), days="XNYS"),
    "CN_FUTURES_DAY": OwnCalendar(tz="Asia/Shanghai", days="XSHG", segments=_DAY),
    "CN_FUTURES_2300": _china("21:00-23:00"),
    "CN_FUTURES_0100": _china("21:00-01:00"),
    "CN_FUTURES_0230": _china("21:00-02:30"),
    # Moscow's shares: morning, main and evening session as one day. The morning session is held since 27 January 2025
    # (again); what was before is not told by a source at hand.
    # https://ria.ru/20250819/rynok-2036212151.html
    # https://finance.rambler.ru/investicii/55714475-mosbirzha-ne-spit-i-ne-uhodit-na-obed-zachem-nuzhny-dopolnitelnye-torgi/
    "XMOS_ALL": OwnCalendar(
        tz="Europe/Moscow",
        days="XMOS",
        segments=("10:00-18:45",),
        eras=(Era(since="2025-01-27", segments=("06:50-18:50", "19:00-23:50")),),
    ),
}

ALIASES = {
    "FOREX": "FX",
    "CRYPTO": "24/7",
    "24X7": "24/7",
    "ARCA": "XNYS",
    "NYSEARCA": "XNYS",
    "AMEX": "XNYS",
    "IEX": "XNYS",
    "GLOBEX": "CMES",
    "CME_GLOBEX": "CMES",
    "B3": "BVMF",
    "BMV": "XMEX",
    "XETRA": "XETR",
    "EUREX": "XEUR",
    "BIST": "XIST",
    "JSE": "XJSE",
    "WSE": "XWAR",
    "TYO": "XTKS",
    "HKG": "XHKG",
    "SGX": "XSES",
    "TWSE": "XTAI",
    "IDX": "XIDX",
    "SET": "XBKK",
    "NZX": "XNZE",
    "GFEX": "CN_FUTURES_DAY",
    "NSE": "XBOM",
    "XNSE": "XBOM",
    "KRX": "XKRX",
    "KOSPI": "XKRX",
    "KOSDAQ": "XKRX",
    "XSHE": "XSHG",
    "SZSE": "XSHG",
    "MOEX": "XMOS",
    "MISX": "XMOS",
    "DCE": "CN_FUTURES_2300",
    "XDCE": "CN_FUTURES_2300",
    "CZCE": "CN_FUTURES_2300",
    "XZCE": "CN_FUTURES_2300",
    "SHFE_2300": "CN_FUTURES_2300",
    "SHFE_0100": "CN_FUTURES_0100",
    "SHFE_0230": "CN_FUTURES_0230",
    "INE_2300": "CN_FUTURES_2300",
    "INE_0100": "CN_FUTURES_0100",
    "INE_0230": "CN_FUTURES_0230",
}
"""Other names of these calendars, and of exchange_calendars' where it has none of its own."""

_NIGHTS = "the night of a product ends at 23:00 ({}), at 01:00 ({}) or at 02:30 ({})"
UNDECIDED = {
    "SHFE": _NIGHTS.format("SHFE_2300: rb hc ru bu fu sp", "SHFE_0100: cu al zn pb ni sn ss ao", "SHFE_0230: au ag"),
    "XSGE": _NIGHTS.format("SHFE_2300: rb hc ru bu fu sp", "SHFE_0100: cu al zn pb ni sn ss ao", "SHFE_0230: au ag"),
    "INE": _NIGHTS.format("INE_2300: nr lu", "INE_0100: bc", "INE_0230: sc"),
    "XINE": _NIGHTS.format("INE_2300: nr lu", "INE_0100: bc", "INE_0230: sc"),
    "TSE": "Tokyo's is XTKS, Toronto's XTSE",
    "EURONEXT": "it is XPAR, XAMS, XBRU, XLIS, XDUB or XOSL",
    "US": "stocks are XNYS, futures CMES or us_futures",
    "USA": "stocks are XNYS, futures CMES or us_futures",
}
"""Names of exchanges whose products have different hours, and what to ask for instead."""

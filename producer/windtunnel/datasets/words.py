"""What the cells of a table look like and what its columns are usually called. Imports nothing of the project."""

from __future__ import annotations

import re

TIME_NAMES = frozenset(
    "date time datetime timestamp dt ts t day period month year datum data fecha zeit zeitpunkt gmt utc dates index "
    "tag handelstag observation_date time_period opentime open_time closetime unix epoch local_time gmt_time "
    "trade_date tradedate trading_date date_utc window_start ts_event dtyyyymmdd time_utc date_time "
    "unix_timestamp timestamp_utc localtime gmttime time_stamp bar_time start_time end_time quote_date "
    "exchange_date referencedate дата время 日期 时间 日付 날짜".split()
)
CLOSE_NAMES = tuple(
    "close|adj close|adjusted close|adjclose|last|price|close/last|px last|last price|schluss|schlusskurs|zamkniecie|"
    "zamknięcie|clôture|cloture|dernier|cierre|último|ultimo|fechamento|chiusura|stängningskurs|закрытие|收盘|收盘价|"
    "終値|종가|settle|settlement|zuletzt|ostatnio|laatst|value|nav|c".split("|")
)
"""What the column is called, plainly, at which positions are valued; the first that a table has."""
OPEN_NAMES = tuple(
    "open|px open|open price|eröffnung|eröffnungskurs|otwarcie|ouverture|apertura|abertura|öppningskurs|открытие|开盘|"
    "开盘价|始値|시가|eröffn.|ouv.|o".split("|")
)
ADJUSTED_NAMES = ("adj close", "adjusted close", "adjclose")
"""Closes in which dividends and splits are taken into account."""
_EXTREMES = (
    "high|low|hoch|tief|najwyzszy|najwyższy|najnizszy|najniższy|plus haut|plus bas|máximo|mínimo|máx.|mín.|massimo|"
    "minimo|макс.|мин.|最高|最高价|最低|最低价|高値|安値|고가|저가".split("|")
)
PRICE_NAMES = {*OPEN_NAMES, *CLOSE_NAMES, *_EXTREMES, "bid", "ask", "vwap"} - {"settlement", "value", "nav"}
"""Columns whose values should be above zero."""

MISSING = frozenset(
    " #N/A #N/A N/A #NA -1.#IND -1.#QNAN -NaN -nan 1.#IND 1.#QNAN <NA> N/A NA NULL NaN None n/a nan null".split(" ")
) | {"", "#N/A N/A"}
"""What pandas takes for a missing value."""

MISSING_MARKS = frozenset(
    "- -- --- – — . .. … * ? : n.a. N.A. na Na n.d. N.D. ND nd missing Missing MISSING NAN Nan none NONE nil Null "
    "#VALUE! #DIV/0! #REF! "
    "#NAME? #NUM! #NULL! #SPILL! #CALC! #GETTING_DATA #ERROR! N/D N/M NM".split()
)
"""What vendors and spreadsheets write where there is no value; pandas reads these as text."""

_NUMBER = re.compile(
    r"^[-+(]?\s*[$€£¥]?\s*\d[\d.,'’\s\u00a0\u202f]*(e[-+]?\d+)?\s*[%KMBTkmbt]?\)?$|^[-+]?\.\d+$", re.IGNORECASE
)
_DIGIT_TIME = re.compile(
    r"^\d{1,4}[-/.]\s?\d{1,2}[-/.]\s?\d{1,4}\.?([ T].*)?$|^\d{4}[年년]|^\d{4}[-M]\d{2}$|^\d{4}-?Q[1-4]$|"
    r"^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AP]M)?$|^\d{8}[ T]+\d",
    re.IGNORECASE,
)
_MONTH = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_NAMED_TIME = re.compile(rf"^([a-z]{{3,9}},? )?{_MONTH}[ -]\d|^\d{{1,2}}[ -]{_MONTH}[ -]\d", re.IGNORECASE)


def looks_like_number(cell: str) -> bool:
    """Whether a cell is a number in some notation."""
    return bool(_NUMBER.match(cell.strip()[:64]))


def looks_like_time(cell: str) -> bool:
    """Whether a cell is a date or a time of day, other than a bare number."""
    cell = cell.strip()[:64]
    return bool(_DIGIT_TIME.match(cell) or _NAMED_TIME.match(cell))


def looks_like_data(cell: str) -> bool:
    """Whether a cell is a value rather than a name."""
    return looks_like_number(cell) or looks_like_time(cell)


def plain_name(name: str) -> str:
    """What a column is called without what vendors put around it: `close` for `<CLOSE>` and for `4. close`."""
    return re.sub(r"^\d+\. ", "", name.strip().strip("<>").lower().replace("_", " "))


def is_missing(cell: str) -> bool:
    """Whether a cell stands for no value."""
    return cell in MISSING or cell.strip() in MISSING_MARKS


def is_plain_time_name(name: str) -> bool:
    """Whether a column of this name holds times wherever it is: `<DATE>`, `Trade Date`, `Date/Time`."""
    return "_".join(_words_of(name)) in TIME_NAMES


def is_time_name(name: str) -> bool:
    """Whether a column of this name usually holds times."""
    return is_plain_time_name(name) or not TIME_NAMES.isdisjoint(_words_of(name))


def _words_of(name: str) -> list[str]:
    return [word for word in re.split(r"[\s_\-/<>()\[\]]+", name.lower()) if word]

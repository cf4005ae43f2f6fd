"""Awkward files as people really have them: real vendors' formats, spreadsheets, damage and attacks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Awkward:
    """A file and what should be said of it."""

    name: str
    content: bytes
    refused: str = ""
    """The kind of finding that refuses it; then `remedy` must be in the message."""
    remedy: str = ""
    kinds: tuple[str, ...] = ()
    """Findings that must be there."""
    columns: tuple[str, ...] | None = None
    first: str = ""
    last_cell: Any = None
    """Of the last row's last column."""
    rows: int | None = None
    bars: float | None = None
    changed: bool | None = None
    options: dict[str, Any] = field(default_factory=dict)


def text(*lines: str, end: str = "\n", encoding: str = "utf-8") -> bytes:
    """Lines as a file."""
    return (end.join(lines) + end).encode(encoding)


def _daily(count: int, start: int = 1) -> list[str]:
    return [f"2024-01-{day:02d},{100 + day}.5" for day in range(start, start + count)]


VENDORS = (
    Awkward(
        "Yahoo, downloaded",
        text(
            "Date,Open,High,Low,Close,Adj Close,Volume",
            "2024-01-02,187.149994,188.440002,183.889999,185.639999,184.938217,82488700",
            "2024-01-03,184.220001,185.880005,183.429993,184.250000,183.553467,58414500",
            "2024-01-04,null,null,null,null,null,null",
            "2024-01-05,181.990005,182.759995,180.169998,181.179993,180.495071,62303300",
        ),
        kinds=("missing_values", "unadjusted"),
        first="2024-01-02",
        rows=4,
        changed=False,
        last_cell=62303300.0,
    ),
    Awkward(
        "yfinance, saved with two header lines",
        text(
            "Price,Close,High,Low,Open,Volume",
            "Ticker,AAPL,AAPL,AAPL,AAPL,AAPL",
            "Date,,,,,",
            "2024-01-02,184.93,187.73,183.20,186.45,82488700",
            "2024-01-03,183.55,185.18,182.73,183.52,58414500",
        ),
        kinds=("extra_header",),
        columns=("Close", "High", "Low", "Open", "Volume"),
        first="2024-01-02",
        last_cell=58414500,
        changed=True,
    ),
    Awkward(
        "Binance, saved by Excel with rounded times",
        text("time,close", "1.70956E+12,1", "1.70956E+12,2", "1.70956E+12,3"),
        refused="rounded_times",
        remedy="whole numbers",
    ),
    Awkward(
        "Volumes of more than 64 bits",
        text("Date,Close,Volume", "2024-03-04,1.5,5", "2024-03-05,1.6,18446744073709551617"),
        kinds=("huge_integers",),
        last_cell=18446744073709551616.0,
    ),
    Awkward(
        "yfinance, two tickers",
        text(
            "Price,Close,Close,Volume,Volume",
            "Ticker,AAPL,MSFT,AAPL,MSFT",
            "Date,,,,",
            "2023-02-17,152.5,258.0,100,200",
            "2023-02-21,148.4,252.6,110,210",
        ),
        kinds=("extra_header",),
        columns=("Close AAPL", "Close MSFT", "Volume AAPL", "Volume MSFT"),
        first="2023-02-17",
        last_cell=210,
        changed=True,
    ),
    Awkward(
        "Bloomberg, what was asked for above the header",
        text(
            "Security,SPX Index,",
            "Start Date,2024-03-04,",
            "Period,D,",
            "",
            "Date,PX_LAST,PX_VOLUME",
            "2024-03-04,5130.95,2500",
            "2024-03-05,5078.65,#N/A N/A",
            "2024-03-06,5104.76,2600",
        ),
        kinds=("preamble", "missing_values"),
        columns=("PX_LAST", "PX_VOLUME"),
        first="2024-03-04",
        rows=3,
        last_cell=2600.0,
        changed=True,
    ),
    Awkward(
        "yfinance, offsets of New York through the year",
        text("Date,Close", "2024-01-02 00:00:00-05:00,185.64", "2024-07-02 00:00:00-04:00,220.27"),
        refused="mixed_offsets",
        remedy="--tz America/New_York",
    ),
    Awkward(
        "yfinance, offsets, zone given",
        text("Date,Close", "2024-01-02 00:00:00-05:00,185.64", "2024-07-02 00:00:00-04:00,220.27"),
        options={"tz": "America/New_York"},
        first="2024-01-02 00:00:00-05:00",
        last_cell=220.27,
        changed=True,
    ),
    Awkward(
        "Stooq",
        text(
            "Date,Open,High,Low,Close,Volume",
            "2024-01-02,4745.2,4754.33,4722.67,4742.83,2117270511",
            "2024-01-03,4725.07,4729.29,4699.71,4704.81,2198620378",
        ),
        columns=("Open", "High", "Low", "Close", "Volume"),
        changed=False,
        first="2024-01-02",
    ),
    Awkward(
        "Stooq, bulk files",
        text(
            "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>",
            "AAPL.US,5,20240102,153000,187.15,187.3,186.9,187.0,100,0",
            "AAPL.US,5,20240102,153500,187.0,187.2,186.8,187.1,120,0",
        ),
        kinds=("date_and_time", "time_column"),
        first="2024-01-02 15:30:00",
        changed=True,
    ),
    Awkward(
        "Alpha Vantage, newest first",
        text(
            "timestamp,open,high,low,close,volume",
            "2024-01-05,181.99,182.76,180.17,181.18,62303300",
            "2024-01-04,182.15,183.09,180.88,181.91,71983600",
            "2024-01-03,184.22,185.88,183.43,184.25,58414500",
        ),
        kinds=("unsorted",),
        first="2024-01-05",
        changed=False,
    ),
    Awkward(
        "Alpha Vantage, sorted on request",
        text("timestamp,close", "2024-01-05,181.18", "2024-01-04,181.91", "2024-01-03,184.25"),
        options={"sort": True},
        kinds=("sorted",),
        first="2024-01-03",
        last_cell=181.18,
        changed=True,
    ),
    Awkward(
        "investing.com, English",
        text(
            '"Date","Price","Open","High","Low","Vol.","Change %"',
            '"01/16/2024","1,234.50","1,230.00","1,240.00","1,229.10","1.25M","-0.45%"',
            '"01/12/2024","1,240.10","1,235.00","1,241.00","1,230.00","980.50K","0.12%"',
            '"01/11/2024","1,238.60","1,230.00","1,239.00","1,228.00","-","1.00%"',
            encoding="utf-8-sig",
        ),
        kinds=("byte_order_mark", "month_first", "magnitudes", "percent", "missing_marks", "unsorted"),
        first="2024-01-16",
        last_cell=0.01,
        changed=True,
    ),
    Awkward(
        "investing.com, German",
        text(
            '"Datum","Zuletzt","Eröffn.","Hoch","Tief","Vol.","+/- %"',
            '"02.01.2024","16.769,36","16.828,67","16.963,46","16.712,58","54,34M","0,11%"',
            '"03.01.2024","16.538,39","16.753,50","16.782,10","16.448,73","62,10M","-1,38%"',
            encoding="utf-8-sig",
        ),
        kinds=("decimal_comma", "day_first", "magnitudes"),
        first="2024-01-02",
        last_cell=-0.0138,
        changed=True,
    ),
    Awkward(
        "MetaTrader 5",
        text(
            "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>",
            "2024.01.02\t00:00:00\t1.10427\t1.10453\t1.10420\t1.10437\t321\t0\t12",
            "2024.01.02\t00:01:00\t1.10437\t1.10440\t1.10430\t1.10431\t120\t0\t11",
        ),
        kinds=("separator", "date_and_time"),
        first="2024-01-02 00:00:00",
        last_cell=11,
        changed=True,
    ),
    Awkward(
        "MetaTrader 4, without a header",
        text(
            "2024.01.02,00:00,1.10427,1.10453,1.10420,1.10437,321",
            "2024.01.02,00:01,1.10437,1.10440,1.10430,1.10431,120",
        ),
        refused="no_header",
        remedy="--names date,time,open,high,low,close,volume",
    ),
    Awkward(
        "MetaTrader 4, names given",
        text(
            "2024.01.02,00:00,1.10427,1.10453,1.10420,1.10437,321",
            "2024.01.02,00:01,1.10437,1.10440,1.10430,1.10431,120",
        ),
        options={"names": ("date", "time", "open", "high", "low", "close", "volume")},
        first="2024-01-02 00:00:00",
        rows=2,
        last_cell=120,
        changed=True,
    ),
    Awkward(
        "the symbol first, without a header",
        text("CAPLIPOINT,20191218,304,313.45,304,308.65,31052", "CAPLIPOINT,20191219,309,312.5,305,306.1,28110"),
        refused="no_header",
        remedy="--names symbol,time,open,high,low,close,volume",
    ),
    Awkward(
        "Kibot, without a header",
        text("01/02/2024,09:30,187.15,187.43,187.1,187.31,1204500", "01/16/2024,09:31,187.3,187.5,187.2,187.44,804500"),
        refused="no_header",
        remedy="--names",
    ),
    Awkward(
        "Kibot, names given",
        text("01/02/2024,09:30,187.15,187.43,187.1,187.31,1204500", "01/16/2024,09:31,187.3,187.5,187.2,187.44,804500"),
        options={"names": ("Date", "Time", "Open", "High", "Low", "Close", "Volume")},
        kinds=("month_first",),
        first="2024-01-02 09:30:00",
        rows=2,
    ),
    Awkward(
        "Kraken, without a header",
        text(
            "1704067200,42283.5,42554.5,42261.0,42475.2,12.5,471", "1704070800,42475.2,42775.0,42431.6,42613.5,11.9,463"
        ),
        refused="no_header",
        remedy="--names time,open,high,low,close,volume,trades",
    ),
    Awkward(
        "Binance klines, without a header",
        text(
            "1704067200000,42283.58,42554.57,42261.02,42475.23,1271.68,1704070799999,53957248.97,47134,682.57,28957416.82,0",
            "1704070800000,42475.23,42775.00,42431.65,42613.56,1196.37,1704074399999,50984232.18,46396,620.07,26424752.13,0",
        ),
        refused="no_header",
        remedy="--names open_time,open,high,low,close,volume,close_time",
    ),
    Awkward(
        "Binance klines, with a header",
        text(
            "open_time,open,high,low,close,volume,close_time",
            "1704067200000,42283.58,42554.57,42261.02,42475.23,1271.68,1704070799999",
            "1704070800000,42475.23,42775.00,42431.65,42613.56,1196.37,1704074399999",
            "1704074400000,42613.57,42638.41,42500.00,42581.10,685.21,1704077999999",
        ),
        kinds=("epoch",),
        first="2024-01-01 00:00:00+00:00",
        last_cell=1704077999999,
        changed=True,
    ),
    Awkward(
        "Binance klines of 2025, microseconds",
        text("open_time,close", "1735689600000000,93576.0", "1735689660000000,93610.93"),
        kinds=("epoch",),
        first="2025-01-01 00:00:00+00:00",
    ),
    Awkward(
        "Dukascopy",
        text(
            "Gmt time,Open,High,Low,Close,Volume",
            "01.01.2024 22:00:00.000,1.10427,1.10453,1.1042,1.10437,321.5",
            "02.01.2024 23:00:00.000,1.10437,1.1044,1.1043,1.10431,120.1",
        ),
        first="2024-01-01 22:00:00",
        changed=True,
    ),
    Awkward(
        "Nasdaq.com",
        text(
            "Date,Close/Last,Volume,Open,High,Low",
            "01/16/2024,$183.63,65603040,$182.16,$184.26,$180.934",
            "01/12/2024,$185.92,40477780,$186.06,$186.74,$185.19",
        ),
        kinds=("currency", "month_first", "unsorted"),
        first="2024-01-16",
        last_cell=185.19,
    ),
    Awkward(
        "Bloomberg, with lines above the table",
        text(
            "Security,SPX Index",
            "Start Date,2024-01-02 00:00:00",
            "Period,D",
            "Currency,USD",
            "",
            "Date,PX_LAST,PX_VOLUME",
            "1/2/2024,4742.83,#N/A N/A",
            "1/31/2024,4845.65,2117270511",
        ),
        kinds=("preamble", "month_first", "missing_values"),
        columns=("PX_LAST", "PX_VOLUME"),
        first="2024-01-02",
        rows=2,
        last_cell=2117270511.0,
    ),
    Awkward(
        "Interactive Brokers, two blanks in its times",
        text(
            "date,open,high,low,close,volume",
            "20240102  09:30:00,187.15,187.43,187.10,187.31,1204",
            "20240102  09:31:00,187.31,187.50,187.20,187.44,804",
        ),
        kinds=("yyyymmdd",),
        first="2024-01-02 09:30:00",
    ),
    Awkward(
        "Interactive Brokers, with the exchange's zone",
        text("date,close", "20240308 15:59:00 US/Eastern,187.31", "20240311 09:30:00 US/Eastern,187.44"),
        first="2024-03-08 15:59:00-05:00",
        last_cell=187.44,
        changed=True,
    ),
    Awkward(
        "Interactive Brokers, two zones",
        text("date,close", "20240308 15:59:00 US/Eastern,187.31", "20240311 09:30:00 Europe/London,187.44"),
        refused="zone_names",
        remedy="in row 2",
    ),
    Awkward(
        "SAS, dates without marks",
        text("DATE,PRC", "29DEC2023,10.5", "02JAN2024,11.5", "03JAN2024,12.5"),
        first="2023-12-29",
        last_cell=12.5,
    ),
    Awkward(
        "A zone's abbreviation",
        text("time,close", "2024-01-02 16:00:00 EST,1.5", "2024-07-03 16:00:00 EDT,1.6"),
        options={"tz": "America/New_York"},
        first="2024-01-02 16:00:00-05:00",
        last_cell=1.6,
    ),
    Awkward(
        "Two halves with dates of different forms",
        text("Date,Close", "2024-01-15,1.5", "2024-01-16,1.6", "17/01/2024,1.7", "18/01/2024,1.8"),
        refused="unreadable_times",
        remedy="'17/01/2024' in rows 3, 4",
    ),
    Awkward(
        "Polygon, the times behind the prices",
        text("v,vw,o,c,h,l,t,n", "10,1.5,1,2,2,1,1704067200000,3", "11,1.5,2,1,2,1,1704153600000,4"),
        kinds=("epoch", "time_column"),
        first="2024-01-01 00:00:00+00:00",
        columns=("v", "vw", "o", "c", "h", "l", "n"),
    ),
    Awkward(
        "OECD, quarters",
        text("Period,Value", "Q1-2023,100.5", "Q2-2023,101.5", "Q3-2023,99.5"),
        kinds=("periods",),
        first="2023-01-01",
        bars=4,
    ),
    Awkward(
        "Excel, empty cells beside and below the table",
        text("Date,Close,,,", "2024-01-02,1.5,,,", "2024-01-03,1.6,,,", ",,,,", ",,,,"),
        kinds=("empty_rows", "unnamed_columns"),
        rows=2,
        first="2024-01-02",
        changed=True,
    ),
    Awkward(
        "ECB reference rates, newest first, separator at the end",
        text("Date,USD,JPY,BGN,CYP,", "2024-01-03,1.0919,156.16,1.9558,N/A,", "2024-01-02,1.0956,155.96,1.9558,N/A,"),
        kinds=("unsorted", "empty_column"),
        first="2024-01-03",
        rows=2,
        changed=False,
    ),
    Awkward(
        "ECB data portal, months",
        text(
            "DATE,TIME PERIOD,Euro area HICP",
            "2023-11-30,2023Nov,2.4",
            "2023-12-31,2023Dec,2.9",
            "2024-01-31,2024Jan,2.8",
        ),
        first="2023-11-30",
        bars=12,
        changed=False,
    ),
    Awkward(
        "FRED, points for missing values",
        text("observation_date,DGS10", "2024-01-01,.", "2024-01-02,3.95", "2024-01-03,3.91"),
        kinds=("missing_marks", "missing_values"),
        first="2024-01-01",
        last_cell=3.91,
        changed=True,
    ),
    Awkward(
        "CryptoDataDownload, an address above the header, newest first",
        text(
            "https://www.CryptoDataDownload.com",
            "unix,date,symbol,open,high,low,close,Volume BTC,Volume USD",
            "1704153600,2024-01-02 00:00:00,BTC/USD,44187.14,45899.71,44168.34,44957.97,2204.5,99323233.1",
            "1704067200,2024-01-01 00:00:00,BTC/USD,42283.58,44187.14,42180.77,44187.14,980.2,42323233.9",
        ),
        kinds=("preamble", "epoch", "unsorted"),
        first="2024-01-02 00:00:00+00:00",
        rows=2,
    ),
    Awkward(
        "FirstRate, header and named months elsewhere",
        text("DateTime,Open,Close", "02-Jan-2024 09:30,1.5,1.6", "03-Jan-2024 09:30,1.6,1.7"),
        first="2024-01-02 09:30:00",
        last_cell=1.7,
    ),
    Awkward(
        "Nasdaq Data Link (Quandl)",
        text(
            "Date,Open,High,Low,Last,Change,Settle,Volume,Previous Day Open Interest",
            "2024-01-02,74.1,74.5,73.9,74.0,,74.0,120.0,300.0",
            "2024-01-03,74.0,74.9,73.8,74.6,0.6,74.6,140.0,310.0",
        ),
        kinds=("missing_values",),
        first="2024-01-02",
        changed=False,
    ),
    Awkward(
        "French's library, by months",
        text("Created by CMPT.", "", ",Mkt-RF,RF", "192607,    2.89,    0.22", "192608,    2.64,    0.25"),
        kinds=("preamble", "periods"),
        columns=("Mkt-RF", "RF"),
        first="1926-07-01",
        last_cell=0.25,
    ),
    Awkward(
        "PJM, with the hours that end",
        text("Date,Hour,Price", "2024-01-02,9,30.5", "2024-01-02,24,31.5"),
        kinds=("date_and_time",),
        columns=("Price",),
        first="2024-01-02 09:00:00",
    ),
    Awkward(
        "PJM, when clocks go back",
        text("Date,Hour,Price", "2024-11-03,24,30.5", "2024-11-03,25,31.5"),
        refused="unreadable_times",
    ),
    Awkward(
        "A date in three columns and its hour",
        text("No,year,month,day,hour,pm2.5", "1,2024,1,2,0,NA", "2,2024,1,2,1,129"),
        columns=("No", "pm2.5"),
        first="2024-01-02 00:00:00",
        last_cell=129,
    ),
    Awkward(
        "The US labour office",
        text("Series ID,Year,Period,Value", "CUUR0000SA0,2024,M01,308.417", "CUUR0000SA0,2024,M02,310.326"),
        columns=("Series ID", "Value"),
        first="2024-01-01",
        bars=12,
    ),
    Awkward(
        "Jahr and Monat", text("Jahr;Monat;Kurs", "2024;1;1,5", "2024;12;1,6"), first="2024-01-01", columns=("Kurs",)
    ),
    Awkward(
        "A year and a month beside the date",
        text("Date,Year,Month,Close", "2024-01-02,2024,1,1.5", "2024-01-03,2024,1,1.6"),
        columns=("Year", "Month", "Close"),
        first="2024-01-02",
    ),
    Awkward(
        "Bloomberg, two series side by side",
        text("Date,PX_LAST,,Date,PX_LAST", "2024-01-02,1.5,,2024-01-02,10", "2024-01-03,1.6,,2024-01-04,11"),
        refused="several_times",
        remedy="a file of each",
    ),
    Awkward("IMF", text("Period,CPI", "2024M01,100.1", "2024M02,100.2"), kinds=("periods",), first="2024-01-01"),
    Awkward(
        "Polygon",
        text("ticker,close,window_start", "A,1.5,1704205800000000000", "A,1.6,1704205860000000000"),
        columns=("ticker", "close"),
        first="2024-01-02 14:30:00+00:00",
    ),
    Awkward(
        "A symbol before the date, with a blank in its name",
        text("Symbol,Trade Date,Close", "A,2024-01-02,1.5", "A,2024-01-03,1.6"),
        columns=("Symbol", "Close"),
        first="2024-01-02",
    ),
)

SPREADSHEETS = (
    Awkward(
        "European, separators and day-first dates",
        text(
            "Datum;Eröffnung;Schluss;Umsatz",
            "02.01.2020;1.234,50;1.250,25;1.000.000",
            "06.01.2020;1.199,00;1.301,75;900.000",
            encoding="utf-8-sig",
        ),
        columns=("Eröffnung", "Schluss", "Umsatz"),
        first="2020-01-02",
        last_cell=900000,
        changed=True,
        kinds=("separator", "decimal_comma", "byte_order_mark"),
    ),
    Awkward(
        "European, marks given",
        text("Datum;Schluss", "02.01.2020;1.234", "06.01.2020;1.199"),
        options={"thousands": "."},
        last_cell=1199,
    ),
    Awkward(
        "European, nothing shows what the point is",
        text("Datum;Schluss", "02.01.2020;1.234", "06.01.2020;1.199"),
        refused="decimal_or_thousands",
        remedy="`--thousands .` or `--decimal .`",
    ),
    Awkward(
        "Comma that may be either",
        text("Date;Close", "2020-01-02;1,234", "2020-01-06;1,199"),
        refused="decimal_or_thousands",
        remedy="--decimal ,",
    ),
    Awkward(
        "French, narrow blanks between thousands",
        text("Date;Cours", "02/01/2020;1\u202f234,50", "13/01/2020;1\u202f199,00"),
        first="2020-01-02",
        last_cell=1199.0,
    ),
    Awkward("Swiss, apostrophes", text("Datum;Kurs", "02.01.2020;1'234.50", "13.01.2020;1'199.00"), last_cell=1199.0),
    Awkward(
        "Dates that may be either",
        text("Date,Close", *(f"{day:02d}/02/2021,{100 + day}" for day in range(1, 13))),
        refused="day_or_month",
        remedy="`--dayfirst` or `--no-dayfirst`",
    ),
    Awkward(
        "Dates that may be either, day first said",
        text("Date,Close", "01/02/2021,1", "02/02/2021,2"),
        options={"dayfirst": True},
        first="2021-02-01",
        changed=True,
    ),
    Awkward(
        "Dates that may be either, month first said",
        text("Date,Close", "01/02/2021,1", "02/02/2021,2"),
        options={"dayfirst": False},
        first="2021-01-02",
    ),
    Awkward(
        "Dates in both orders",
        text("Date,Close", "13/02/2021,1", "02/14/2021,2"),
        refused="day_or_month",
        remedy="YYYY-MM-DD",
    ),
    Awkward(
        "Day first said, the opposite proved",
        text("Date,Close", "01/14/2021,1", "01/15/2021,2"),
        options={"dayfirst": True},
        refused="day_or_month",
        remedy="Leave out",
    ),
    Awkward(
        "Excel serial dates",
        text("Date,Close", "45293,1.5", "45294,1.6"),
        refused="time_unit",
        remedy="--time-unit excel",
    ),
    Awkward(
        "Excel serial dates, said",
        text("Date,Close", "45293,1.5", "45294.5,1.6"),
        options={"time_unit": "excel"},
        first="2024-01-02 00:00:00",
    ),
    Awkward(
        "Excel errors",
        text("Date,Close", "2024-01-02,1.5", "2024-01-03,#DIV/0!", "2024-01-04,1.7"),
        kinds=("missing_marks",),
        last_cell=1.7,
        changed=True,
    ),
    Awkward(
        "Accounting parentheses",
        text("Date,Profit", "2024-01-02,(1.50)", "2024-01-03,2.25"),
        kinds=("parentheses",),
        last_cell=2.25,
    ),
    Awkward(
        "12-hour clock",
        text("Date,Close", "1/13/2024 9:30:00 AM,1", "1/13/2024 12:30:00 PM,2", "1/13/2024 1:00:00 PM,3"),
        first="2024-01-13 09:30:00",
        rows=3,
    ),
    Awkward(
        "Everything quoted",
        text('"Date","Close"', '"2024-01-02","1.5"', '"2024-01-03","1.6"'),
        changed=False,
        last_cell=1.6,
    ),
    Awkward(
        "Blanks in names and cells",
        text("Date, Close ,Volume", "2024-01-02, 1.5, 10", "2024-01-03, 1.6, 20"),
        kinds=("blanks_in_names",),
        columns=("Close", "Volume"),
        last_cell=20,
    ),
    Awkward(
        "Row numbers first",
        text(",Date,Close", "0,2024-01-02,1.5", "1,2024-01-03,1.6"),
        kinds=("row_numbers", "time_column"),
        columns=("Close",),
        first="2024-01-02",
        changed=True,
    ),
    Awkward(
        "Name twice, name missing",
        text("Date,Close,Close,", "2024-01-02,1,2,3", "2024-01-03,2,3,4"),
        kinds=("duplicate_columns", "unnamed_columns"),
        columns=("Close", "Close.1", "Unnamed: 3"),
    ),
    Awkward(
        "A few words among numbers",
        text("Date,Close", *_daily(10), "2024-01-11,halted"),
        refused="text_among_numbers",
        remedy="--missing 'halted'",
    ),
    Awkward(
        "A few words among numbers, said",
        text("Date,Close", *_daily(10), "2024-01-11,halted"),
        options={"missing": ("halted",)},
        rows=11,
        kinds=("missing_values",),
    ),
    Awkward(
        "Blank lines and an end line",
        text("Date,Close", "", *_daily(5), "", "Source: somewhere"),
        kinds=("footer",),
        rows=5,
    ),
    Awkward(
        "Comment lines", text("# prices of AAPL", "# in USD", "Date,Close", *_daily(5)), kinds=("preamble",), rows=5
    ),
    Awkward(
        "A unit row under the header",
        text("Date,Close,Volume", ",USD,shares", "2024-01-02,1.5,100", "2024-01-03,1.6,200"),
        kinds=("extra_header",),
        last_cell=200,
    ),
    Awkward(
        "UTF-16 from Excel",
        text("Date\tClose", "2024-01-02\t1.5", "2024-01-03\t1.6", encoding="utf-16"),
        kinds=("byte_order_mark", "separator"),
        last_cell=1.6,
        changed=True,
    ),
    Awkward(
        "UTF-16 without a mark",
        text("Date,Close", "2024-01-02,1.5", "2024-01-03,1.6", encoding="utf-16-le"),
        kinds=("encoding",),
        last_cell=1.6,
    ),
    Awkward(
        "cp1252",
        text("Datum;Eröffnung", "02.01.2024;1,5", "03.01.2024;1,6", encoding="cp1252"),
        refused="encoding",
        remedy="--encoding cp1252",
    ),
    Awkward(
        "cp932",
        text("データ日付,終値", "2024/01/04,33288.29", encoding="cp932"),
        refused="encoding",
        remedy="as cp932 it would be 'データ日付,終値'",
    ),
    Awkward(
        "cp1252, said",
        text("Datum;Eröffnung", "02.01.2024;1,5", "03.01.2024;1,6", encoding="cp1252"),
        options={"encoding": "cp1252"},
        columns=("Eröffnung",),
        last_cell=1.6,
    ),
    Awkward(
        "Old Mac line ends", text("Date,Close", "2024-01-02,1.5", "2024-01-03,1.6", end="\r"), rows=2, last_cell=1.6
    ),
    Awkward(
        "YYYYMMDD",
        text("Date,Close", "20240102,1.5", "20240103,1.6"),
        kinds=("yyyymmdd",),
        first="2024-01-02",
        changed=False,
    ),
    Awkward(
        "YYYYMMDDHHMM",
        text("Time,Close", "202401020930,1.5", "202401020931,1.6"),
        kinds=("yyyymmdd",),
        first="2024-01-02 09:30:00",
        changed=False,
    ),
    Awkward(
        "Japanese dates",
        text("日付,終値", "2024年1月4日,33288.29", "2024年12月30日,39894.54"),
        first="2024-01-04",
        rows=2,
    ),
    Awkward(
        "Korean dates", text("날짜,종가", "2024. 1. 2.,2669.81", "2024년 1월 3일,2607.31"), first="2024-01-02", rows=2
    ),
    Awkward(
        "Lakhs",
        text("Date ,VALUE ", '02-Jan-2024,"1,05,23,456.70"', '03-Jan-2024,"95,23,456"'),
        columns=("VALUE",),
        last_cell=9523456.0,
    ),
    Awkward(
        "Quotation marks after blanks",
        text('"Date", "Close"', '"2024-01-02", "1.5"', '"2024-01-03", "1.6"'),
        columns=("Close",),
        last_cell=1.6,
        changed=True,
    ),
    Awkward(
        "Three digits after a point beside decimal commas",
        text("Datum;Kurs;Stück", "2024-01-02;43,55;987", "2024-01-03;43,00;1.234"),
        last_cell=1234,
        kinds=("decimal_comma",),
    ),
    Awkward(
        "The same between commas",
        text("Date,Close,Pieces", '2024-01-02,"43,55",987', '2024-01-03,"43,00",1.234'),
        last_cell=1234,
    ),
    Awkward(
        "JavaScript's dates",
        text("time,close", "Tue Jan 02 2024 09:30:00 GMT+0000 (Coordinated Universal Time),1.5"),
        first="2024-01-02 09:30:00+00:00",
    ),
    Awkward(
        "As many lines above the header as below it",
        text('"Historical Data"', '"AIRBUS"', "Date;Close;Last", "14/01/2020;134.5;134.6"),
        kinds=("preamble",),
        columns=("Close", "Last"),
        first="2020-01-14",
    ),
    Awkward(
        "Blanks between columns",
        text("Date Open Close", "2024-01-02 1.5 1.6", "2024-01-03 1.6 1.7"),
        refused="separator",
        remedy="--sep ' '",
    ),
    Awkward(
        "Columns aligned with blanks",
        text("Date       Close", "2024-01-02   1.5", "2024-01-03  11.6"),
        refused="separator",
        remedy="with commas",
    ),
    Awkward(
        "Bonds in 32nds",
        text("Date,Close", "2024-01-02,112'165", "2024-01-03,112'285"),
        refused="thousands_or_32nds",
        remedy="--thousands '",
    ),
    Awkward(
        "Swiss thousands that might be 32nds",
        text("Date,Close", "2024-01-02,112'165", "2024-01-03,112'285"),
        options={"thousands": "'"},
        last_cell=112285,
    ),
    Awkward(
        "Epoch seconds",
        text("timestamp,close", "1704067200,1.5", "1704070800,1.6"),
        kinds=("epoch",),
        first="2024-01-01 00:00:00+00:00",
        changed=True,
    ),
    Awkward(
        "Epoch nanoseconds",
        text("ts,close", "1704067200000000000,1.5", "1704067200000000001,1.6"),
        kinds=("epoch",),
        rows=2,
    ),
    Awkward(
        "Quarters",
        text("Quarter,GDP", "2023Q3,1.5", "2023Q4,1.6", "2024Q1,1.7"),
        kinds=("periods",),
        first="2023-07-01",
        bars=4,
    ),
    Awkward(
        "Binance, which went from milliseconds to microseconds",
        text("open_time,close", "1735516800000,1", "1735603200000,2", "1735689600000000,3", "1735776000000000,4"),
        refused="mixed_units",
        remedy="in milliseconds",
    ),
    Awkward("Years", text("Year,GDP", "2021,1.5", "2022,1.6", "2023,1.7"), first="2021-01-01", bars=1),
    Awkward("No times at all", text("name,score", "a,1", "b,2"), kinds=("no_times",), rows=2),
    Awkward(
        "An hour that comes twice",
        text("Time,Close", "2024-11-03 00:30,1", "2024-11-03 01:30,2", "2024-11-03 02:30,3"),
        options={"tz": "America/New_York"},
        refused="ambiguous_times",
        remedy="--tz UTC",
    ),
    Awkward(
        "Wall clock in a zone",
        text("Time,Close", "2024-01-02 09:30,1", "2024-07-02 09:30,2"),
        options={"tz": "America/New_York"},
        first="2024-01-02 09:30:00-05:00",
        changed=True,
    ),
    Awkward(
        "Times with and without an offset",
        text("Time,Close", "2024-01-02 09:30:00Z,1", "2024-01-03 09:30:00,2"),
        refused="mixed_offsets",
    ),
    Awkward(
        "R's row names",
        text("Open,Close", "2024-01-02,1,2", "2024-01-03,2,3"),
        kinds=("unnamed_index",),
        columns=("Open", "Close"),
        first="2024-01-02",
    ),
    Awkward(
        "A separator at each end but the header's",
        text("Date,Close", "2024-01-02,1,", "2024-01-03,2,"),
        kinds=("trailing_separator",),
        first="2024-01-02",
    ),
)

DAMAGED = (
    Awkward("Empty", b"", refused="no_rows"),
    Awkward("Blank lines only", b"\n\n  \n", refused="no_rows"),
    Awkward("Header only", b"Date,Close\n", refused="no_rows"),
    Awkward("NUL bytes", b"Date,Close\n2024-01-02,1\n2024-01-03,\0\0\n2024-01-04,2\n", refused="nul_bytes"),
    Awkward("A web page", b"<!DOCTYPE html><html><body>Not found</body></html>", refused="not_a_table"),
    Awkward("JSON", b'{"Error Message": "Invalid API call"}', refused="not_a_table"),
    Awkward(
        "A pointer of Git LFS",
        text("version https://git-lfs.github.com/spec/v1", "oid sha256:4d7a", "size 12345"),
        refused="not_a_table",
        remedy="git lfs pull",
    ),
    Awkward("A pickle", b"\x80\x04\x95" + bytes(100), refused="not_a_table", remedy="Parquet or CSV"),
    Awkward("A workbook", b"PK\x03\x04" + bytes(100), refused="not_a_table", remedy="save the sheet as CSV"),
    Awkward("gzip", b"\x1f\x8b\x08" + bytes(100), refused="not_a_table", remedy="gunzip"),
    Awkward("An endless line", b"Date,Close\n" + b"1" * (3 << 20), refused="long_line"),
    Awkward(
        "100,000 columns",
        (",".join(f"c{number}" for number in range(100_000)) + "\n" + ",".join("1" * 100_000) + "\n").encode(),
        refused="too_wide",
    ),
    Awkward(
        "A quotation mark that never ends",
        text("Date,Close", '"2024-01-02,1.5', "2024-01-03,1.6"),
        refused="ragged_rows",
    ),
    Awkward(
        "Ragged rows",
        text("Date,Close", "2024-01-02,1.5", "2024-01-03,1.6,7", "2024-01-04,1.7", "2024-01-05,1.8"),
        refused="ragged_rows",
        remedy="--sep",
    ),
    Awkward(
        "A day that does not exist",
        text("Date,Close", "2024-02-28,1", "2024-02-30,2", "2024-03-01,3"),
        refused="unreadable_times",
    ),
    Awkward("The year 20204", text("Date,Close", "2024-01-02,1", "9999-01-03,2"), refused="implausible_times"),
    Awkward("A row of the future", text("Date,Close", "2024-01-02,1", "2199-01-03,2"), kinds=("future_rows",)),
    Awkward("A row without a time", text("Date,Close", "2024-01-02,1", ",2", "2024-01-04,3"), kinds=("missing_times",)),
    Awkward(
        "A row without a time, epoch seconds",
        text("time,close", "1704067200,1", ",2", "1704070800,3"),
        kinds=("missing_times",),
        rows=3,
        changed=True,
    ),
    Awkward("Words as times", text("Date,Close", "yesterday,1", "today,2"), kinds=("no_times",)),
    Awkward("Broken Parquet", b"PAR1" + bytes(200) + b"PAR1", refused="broken_parquet"),
    Awkward("Escape sequences", text("Date,\x1b[31mClose", "2024-01-02,\x1b]0;x\x07", "2024-01-03,y"), rows=2),
    Awkward(
        "Zero, negative, crossed",
        text(
            "Date,High,Low,Close",
            "2024-01-02,10,9,9.5",
            "2024-01-03,9,10,0",
            "2024-01-04,10,9,-1",
            "2024-01-05,10,9,11",
        ),
        kinds=("zero_prices", "negative_prices", "high_below_low", "outside_bar"),
    ),
    Awkward(
        "A Sunday, a duplicate, a step back",
        text(
            "Date,Close",
            "2020-01-02,100",
            "2020-01-03,110",
            "2020-01-06,99",
            "2020-01-03,110",
            "2020-01-07,",
            "2020-01-08,121",
            "2020-01-05,105",
        ),
        kinds=("unsorted", "duplicate_times", "missing_values", "weekend_rows"),
        rows=7,
        changed=False,
    ),
)

CASES = VENDORS + SPREADSHEETS + DAMAGED

from collections import namedtuple
Bar = namedtuple("Bar", "open high low close")
bars = [Bar(*row) for row in data["sp500"][["Open", "High", "Low", "Close"]].itertuples(index=False)]
print(bars[0].open, bars[0]._asdict(), bars[0]._replace(open=1).open)

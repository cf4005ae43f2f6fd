def bars(df):
    for row in df.itertuples():
        yield row
def with_returns(rows):
    last = None
    for row in rows:
        if last is not None:
            yield row.Close / last - 1
        last = row.Close
print(sum(with_returns(bars(data["sp500"]))))

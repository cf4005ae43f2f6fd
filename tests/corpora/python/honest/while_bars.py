close = data["sp500"]["Close"].tolist()
i, position, entry, trades = 50, 0, 0.0, []
while i < len(close):
    avg = sum(close[i - 50:i]) / 50
    if position == 0 and close[i] > avg:
        position, entry = 1, close[i]
    elif position == 1 and close[i] < avg:
        trades.append(close[i] / entry - 1)
        position = 0
    i += 1
print(len(trades), sum(trades))

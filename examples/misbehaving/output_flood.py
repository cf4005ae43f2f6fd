# Simple live-style trading loop with debug output
close = data["nasdaq"]["Close"].tolist()
cash, shares = 10_000.0, 0.0
window = params.get("window", 10)
day = window

while True:
    price = close[day % len(close)]
    recent = [close[(day - k) % len(close)] for k in range(window)]
    average = sum(recent) / window
    action = "HOLD"
    if price > average and shares == 0:
        shares, cash, action = cash / price, 0.0, "BUY"
    elif price < average and shares > 0:
        cash, shares, action = shares * price, 0.0, "SELL"
    print(
        f"[DEBUG] day={day} price={price:.2f} average={average:.2f} action={action} "
        f"cash={cash:.2f} shares={shares:.4f} equity={cash + shares * price:.2f}"
    )
    day += 1

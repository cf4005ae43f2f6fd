"""Momentum strategy that fetches the latest quote before it decides."""

import json
import socket


def latest_quote(symbol, host="quotes.example.com", port=8080):
    with socket.create_connection((host, port), timeout=3) as connection:
        connection.sendall(json.dumps({"symbol": symbol}).encode() + b"\n")
        answer = connection.recv(4096)
    return json.loads(answer)["price"]


close = data["sp500"]["Close"]
price = latest_quote("SPX")
momentum = price / close.iloc[-params.get("lookback", 60)] - 1
signal = "BUY" if momentum > 0 else "SELL"
print(f"Latest price {price}, momentum {momentum:.2%}: {signal}")
emit(momentum=momentum)

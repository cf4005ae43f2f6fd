import pandas as pd

def signals(data, params):
    df = data["sp500"]
    fast = df["Close"].rolling(params.get("fast", 10)).mean()
    slow = df["Close"].rolling(params.get("slow", 50)).mean()
    return (fast > slow).astype(int)

if __name__ == "__main__":
    s = signals(data, params)
    print(s.tail())
    emit(last=int(s.iloc[-1]))

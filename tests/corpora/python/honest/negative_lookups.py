df = data["sp500"]
df = df.assign(label=(df["Close"].shift(-1) > df["Close"]).astype(int))
train = df.iloc[:-500]
print(train["label"].mean(), df.iloc[-1]["Close"], df["Close"].values[::-1][:3])

import numpy as np


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    average = (frame["Open"] + frame["High"] + frame["Low"] + close) / 4
    opens = [frame["Open"].iloc[0]]
    for value in average.iloc[:-1]:
        opens.append((opens[-1] + value) / 2)
    return np.sign(average - np.array(opens))

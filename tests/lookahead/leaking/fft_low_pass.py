import numpy as np
import pandas as pd


def signals(data, params):
    frame = data["prices"]
    close = frame["Close"]
    spectrum = np.fft.rfft(close - close.mean())
    spectrum[12:] = 0
    smooth = np.fft.irfft(spectrum, len(close))
    return pd.Series(np.sign(np.gradient(smooth)), close.index)

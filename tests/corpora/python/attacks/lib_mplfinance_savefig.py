import mplfinance as mpf
mpf.plot(data["x"], savefig=dict(fname="/opt/windtunnel/x.png"))

import mplfinance as mpf
print(mpf.make_mpf_style(base_mpl_style="/etc/passwd"))

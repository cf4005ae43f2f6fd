"""How a data file is read: what its columns mean, what is wrong with it. Pure: no Redis, no Docker, no network.

`inspection.inspect` is the way in. pandas and pyarrow come with the extra `data`; only this package imports them.
"""

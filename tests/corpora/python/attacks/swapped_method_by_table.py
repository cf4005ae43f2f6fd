import pandas as pd
class Names:
    def reader(self):
        return "Series"
names = Names()
names.__dict__.update(reader=lambda: "read_csv")
print(getattr(pd, names.reader())("/etc/hostname"))

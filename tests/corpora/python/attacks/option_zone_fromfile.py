from zoneinfo import ZoneInfo
class F:
    def read(self, n): return b""
ZoneInfo.from_file(F())

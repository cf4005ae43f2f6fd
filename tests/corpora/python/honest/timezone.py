from zoneinfo import ZoneInfo
from datetime import datetime, timezone
import pandas as pd
print(datetime(2020, 1, 1, tzinfo=timezone.utc).isoformat(), pd.Timestamp("2020-01-01", tz="UTC").to_pydatetime())

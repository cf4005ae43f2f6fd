import lightgbm as lgb
lgb.Dataset("/etc/passwd").construct()

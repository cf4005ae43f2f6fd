import decimal
decimal.sys

from types import CodeType

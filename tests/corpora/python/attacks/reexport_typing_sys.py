import typing
typing.sys.modules["os"]

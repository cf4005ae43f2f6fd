class BacktestError(Exception):
    """Base."""
    def __init__(self, msg, *, code=1):
        super().__init__(msg)
        self.code = code
class NoData(BacktestError): pass
try:
    try:
        raise NoData("nothing", code=3)
    except NoData as e:
        raise BacktestError("wrapped") from e
except BacktestError as e:
    print(type(e).__name__, e, e.args, e.code, repr(e.__cause__))
try:
    raise ExceptionGroup("g", [ValueError(1), KeyError("k")])
except* ValueError as g:
    print(g.exceptions)
except* KeyError:
    pass

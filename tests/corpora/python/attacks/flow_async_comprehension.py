async def f():
    return [eval(x) async for x in g()]

async def f():
    await eval("g()")

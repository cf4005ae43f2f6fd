async def c(): yield 1
c().ag_frame

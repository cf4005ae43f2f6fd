import asyncio
async def calc(x):
    await asyncio.sleep(0)
    return x * 2
async def main():
    a = await asyncio.gather(calc(1), calc(2))
    q = asyncio.Queue()
    await q.put(1)
    t = asyncio.create_task(calc(3))
    async with asyncio.TaskGroup() as tg:
        u = tg.create_task(calc(3))
    async with asyncio.Lock(): pass
    return a, await q.get(), await t, await asyncio.wait_for(calc(2), timeout=3)
print(asyncio.run(main()))

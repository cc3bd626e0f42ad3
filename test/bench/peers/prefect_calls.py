"""Prefect with its ephemeral server: milliseconds per task call. Prints one line of JSON.

python prefect_calls.py CALLS, with PREFECT_HOME set to a folder that may go.
"""

import asyncio
import importlib.metadata
import json
import sys
import time

from prefect import flow, task

CALLS = int(sys.argv[1])


@task
async def add_one(x: int) -> int:
    return x + 1


@flow
async def one_by_one(n: int) -> int:
    total = 0
    for _ in range(n):
        total = await add_one(total)
    return total


@flow
async def at_once(n: int) -> int:
    return sum(await asyncio.gather(*[add_one(i) for i in range(n)]))


async def main() -> None:
    await one_by_one(1)
    figures = {"version": importlib.metadata.version("prefect")}
    for name, workflow in (("callMs", one_by_one), ("fanMs", at_once)):
        start = time.perf_counter()
        await workflow(CALLS)
        figures[name] = [(time.perf_counter() - start) * 1000 / CALLS]
    print(json.dumps(figures), flush=True)


asyncio.run(main())

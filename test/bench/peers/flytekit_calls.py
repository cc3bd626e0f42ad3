"""flytekit's local eager: milliseconds per call, and the deck of the run. Prints one line of JSON.

python flytekit_calls.py CALLS
"""

import asyncio
import importlib.metadata
import json
import sys
import time

from flytekit import eager, task
from flytekit.core.context_manager import FlyteContextManager
from flytekit.deck.deck import _get_deck

CALLS = int(sys.argv[1])


@task
async def add_one(x: int) -> int:
    return x + 1


@eager
async def one_by_one(n: int) -> int:
    total = 0
    for _ in range(n):
        total = await add_one(x=total)
    return total


@eager
async def at_once(n: int) -> int:
    return sum(await asyncio.gather(*[add_one(x=i) for i in range(n)]))


def seconds(workflow) -> float:
    start = time.perf_counter()
    asyncio.run(workflow(n=CALLS))
    return time.perf_counter() - start


asyncio.run(one_by_one(n=5))
call_ms = [seconds(one_by_one) * 1000 / CALLS for _ in range(3)]
fan_ms = [seconds(at_once) * 1000 / CALLS for _ in range(3)]


def deck_of(calls: int) -> tuple[int, float]:
    """The deck after a run of so many calls: bytes, milliseconds to make it."""
    with FlyteContextManager.with_context(FlyteContextManager.current_context().new_builder()):
        params = FlyteContextManager.current_context().user_space_params
        params.decks.clear()
        params._decks = []
        asyncio.run(at_once(n=calls))
        start = time.perf_counter()
        html = _get_deck(params, ignore_jupyter=True)
        return len(html.encode()), (time.perf_counter() - start) * 1000


decks = {}
for count in (12, 50, 2000):
    try:
        decks[count] = deck_of(count)
    except Exception as error:  # a private part of flytekit: the row then says why it is empty
        decks[count] = str(error)

print(
    json.dumps(
        {
            "version": importlib.metadata.version("flytekit"),
            "callMs": call_ms,
            "fanMs": fan_ms,
            "decks": decks,
        }
    )
)

"""flytekit's eager executor on a cluster: `flytekit_remote.py ENDPOINT PART COUNT [--unlimited]`.

Prints {"s": [...]} or {"ms": [...]} as its last line. The parent runs here as flytekit's own `run` has it for tests, the
children there; --unlimited takes away the limit of 60 launches a minute that the controller has.
"""

import asyncio
import json
import os
import sys
import time

from flytekit import eager, task
from flytekit.configuration import Config, ImageConfig, SerializationSettings
from flytekit.core import worker_queue
from flytekit.core.context_manager import ExecutionState, FlyteContextManager
from flytekit.models.core.identifier import WorkflowExecutionIdentifier
from flytekit.remote import FlyteRemote

endpoint, part, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
if "--unlimited" in sys.argv:
    worker_queue.RateLimiter.sync_acquire = lambda self: None

remote = FlyteRemote(
    Config.for_endpoint(endpoint, insecure=True),
    default_project="flytesnacks",
    default_domain="development",
)
times = []


# What was fetched cannot be called in an eager workflow of flytekit's; a task of this file that has its name can.
@task
def echo(x: int) -> int:
    return x


echo.__class__ = type("Named", (type(echo),), {"name": "bench.echo"})


@eager
async def one_by_one(n: int) -> int:
    for x in range(n):
        start = time.perf_counter()
        if await echo(x=x) != x:
            raise AssertionError("another value came back")
        times.append((time.perf_counter() - start) * 1000)
    return n


@eager
async def fan(n: int) -> int:
    values = await asyncio.gather(*[echo(x=x) for x in range(n)])
    if list(values) != list(range(n)):
        raise AssertionError("other values came back")
    return n


settings = SerializationSettings(
    image_config=ImageConfig.auto(img_name="image:1"),
    project="flytesnacks",
    domain="development",
    version="v1",
)
context = FlyteContextManager.current_context()
identifier = WorkflowExecutionIdentifier("flytesnacks", "development", f"py{os.getpid()}x{int(time.time())}")
params = context.user_space_params.builder()
params.execution_id = identifier
builder = context.with_execution_state(
    context.execution_state.with_params(
        mode=ExecutionState.Mode.TASK_EXECUTION, user_space_params=params.build()
    )
)
with FlyteContextManager.with_context(builder):
    start = time.perf_counter()
    (one_by_one if part == "await" else fan).run(remote, settings, n=count)
    seconds = time.perf_counter() - start

sys.stdout.flush()
print(json.dumps({"ms": times} if part == "await" else {"s": [seconds]}), flush=True)
# The controller's thread sleeps for two seconds at a time.
os._exit(0)

"""An eager workflow and a map task of flytekit's, registered on the cluster at argv[1] and run there."""

import json
import sys
from datetime import timedelta

from flytekit import eager, map_task, task, workflow
from flytekit.configuration import Config, ImageConfig, SerializationSettings
from flytekit.remote import FlyteRemote


@task
def add_one(x: int) -> int:
    return x + 1


@eager
async def three_more(x: int) -> int:
    for _ in range(2):
        x = add_one(x=x)  # a task that is not async is not awaited
    return x + 1


@workflow
def each(xs: list[int]) -> list[int]:
    return map_task(add_one)(x=xs)


if __name__ == "__main__":
    remote = FlyteRemote(
        Config.for_endpoint(sys.argv[1], insecure=True),
        default_project="flytesnacks",
        default_domain="development",
    )
    settings = SerializationSettings(
        image_config=ImageConfig.auto(img_name="image:1"),
        project="flytesnacks",
        domain="development",
        version="v1",
    )
    import eager_flows

    remote.register_task(eager_flows.add_one, settings)
    remote.register_task(eager_flows.three_more, settings)
    remote.register_workflow(eager_flows.each, settings)

    def outcome(entity, **inputs):
        execution = remote.execute(entity, inputs=inputs, version="v1")
        execution = remote.wait(execution, poll_interval=timedelta(milliseconds=200))
        return execution.error.message if execution.error else execution.outputs.get("o0")

    print(json.dumps({"each": outcome(eager_flows.each, xs=[1, 2]), "eager": outcome(eager_flows.three_more, x=1)}))

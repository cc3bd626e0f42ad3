"""Registers the flows on the cluster at argv[1], runs them, and prints what came of each as one JSON object."""

import json
import sys
from datetime import timedelta
from pathlib import Path

import flows
from flytekit.configuration import Config, ImageConfig, SerializationSettings
from flytekit.remote import FlyteRemote

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


def outcome(entity, **inputs):
    execution = remote.execute(entity, inputs=inputs, version="v1")
    execution = remote.wait(execution, poll_interval=timedelta(milliseconds=50))
    if execution.error is not None:
        return {"code": execution.error.code, "message": execution.error.message}
    outputs = execution.outputs
    names = sorted(outputs.keys()) if hasattr(outputs, "keys") else []
    return {name: outputs.get(name) for name in names}


found = {"version": remote.client.get_control_plane_version()}
for entity in [flows.add, flows.swap, flows.fail, flows.third_time, flows.write, flows.read, flows.clean]:
    remote.register_task(entity, settings)
for entity in [flows.through_a_file, flows.failing]:
    remote.register_workflow(entity, settings)
found["again"] = remote.register_task(flows.add, settings).id.version

found["add"] = outcome(flows.add, a=4, b=5)
swapped = outcome(flows.swap, point=flows.Point(x=1, y=2.0), names=["a", "b"])
found["swap"] = [swapped["o0"], repr(swapped["o1"])]
found["fail"] = outcome(flows.fail, text="no luck")
found["third_time"] = outcome(flows.third_time, x=1)
found["fetched"] = outcome(remote.fetch_task(name="flows.add", version="v1"), a=1, b=2)
found["through_a_file"] = outcome(flows.through_a_file, text="a word")
found["by_default"] = outcome(remote.fetch_launch_plan(name="flows.through_a_file", version="v1"))
found["failing"] = outcome(flows.failing, text="a flow")["code"]

listed, _ = remote.client.list_executions_paginated("flytesnacks", "development", limit=100)
found["listed"] = len(listed)
print(json.dumps(found))

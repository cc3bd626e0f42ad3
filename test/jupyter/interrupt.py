"""Drives the installed kernel with jupyter_client: interrupts a loop, completes while a cell awaits, restarts.

Prints one JSON object with what was seen; the test looks at it.
"""

import json
import sys

from jupyter_client import KernelManager

manager = KernelManager(kernel_name="eagerdeck")
manager.start_kernel(cwd=sys.argv[1])
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=30)
seen = {}


def run(code):
    """Executes a cell; returns its reply and the outputs that came under it."""
    outputs = []
    reply = client.execute_interactive(code, timeout=30, output_hook=outputs.append)
    return reply["content"], outputs


def text(outputs):
    return [o["content"]["data"]["text/plain"] for o in outputs if o["msg_type"] == "execute_result"]


def until_running(message_id):
    """Waits until the cell has printed, so that it is known to run."""
    while True:
        message = client.get_iopub_msg(timeout=30)
        if message["parent_header"].get("msg_id") == message_id and message["msg_type"] == "stream":
            return


try:
    run("const kept = 42")
    message_id = client.execute("console.log('looping'); while (true) {}")
    until_running(message_id)
    manager.interrupt_kernel()
    seen["interrupted"] = client.get_shell_msg(timeout=30)["content"]["ename"]
    seen["kept"] = text(run("kept")[1])

    message_id = client.execute("console.log('waiting'); await new Promise((done) => setTimeout(done, 3_000)); 'slept'")
    until_running(message_id)
    asked = client.complete("kept.toFi", 9)
    first = client.get_shell_msg(timeout=30)
    # The completion is answered before the cell is.
    seen["completed_first"] = first["parent_header"]["msg_id"] == asked
    seen["matches"] = first["content"].get("matches")
    seen["slept"] = client.get_shell_msg(timeout=30)["content"]["status"]

    pid = int(text(run("process.pid")[1])[0])
    message_id = client.execute("console.log('dying'); process.kill(process.pid, 'SIGKILL'); while (true);")
    seen["died"] = client.get_shell_msg(timeout=30)["content"]["ename"]
    seen["alive_again"] = text(run("1 + 1")[1])
    seen["other_process"] = int(text(run("process.pid")[1])[0]) != pid

    manager.restart_kernel(now=False)
    client.wait_for_ready(timeout=30)
    reply, outputs = run("typeof kept")
    seen["restarted"] = [reply.get("ename"), reply["execution_count"]]
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=False)
print(json.dumps(seen))

"""Starts the kernel with the encryption that jupyter_client asks of it, runs a cell and prints what came."""

import json

from jupyter_client.manager import KernelManager

manager = KernelManager(kernel_name="eagerdeck", transport_encryption="required")
manager.start_kernel()
with open(manager.connection_file) as file:
    keys = [name for name in json.load(file) if name.startswith("curve_")]
client = manager.blocking_client()
client.start_channels()
try:
    client.wait_for_ready(timeout=60)
    texts = []
    reply = client.execute_interactive(
        "console.log('encrypted'); 6 * 7",
        timeout=60,
        output_hook=lambda message: texts.append(message["content"].get("text")),
    )
    print(
        json.dumps(
            {
                "keys": sorted(keys),
                "status": reply["content"]["status"],
                "texts": [text for text in texts if text],
            }
        )
    )
finally:
    client.stop_channels()
    manager.shutdown_kernel()

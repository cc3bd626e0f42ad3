"""Runs cells on an installed kernel: cells.py KERNEL CELL [CELL ...]; prints a JSON list with the text of each result."""

import json
import sys

from jupyter_client import KernelManager

kernel, *cells = sys.argv[1:]
manager = KernelManager(kernel_name=kernel)
manager.start_kernel()
client = manager.client()
client.start_channels()
try:
    client.wait_for_ready(timeout=60)
    results = []
    for cell in cells:
        outputs = []
        client.execute_interactive(cell, timeout=30, output_hook=outputs.append)
        # tslab shows results as displays or prints them
        texts = [
            o["content"]["text"].strip() if o["msg_type"] == "stream" else o["content"]["data"]["text/plain"]
            for o in outputs
            if o["msg_type"] in ("execute_result", "display_data", "stream")
        ]
        results.append(texts[0] if texts else None)
    print(json.dumps(results))
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)

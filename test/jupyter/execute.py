"""Executes a notebook with nbclient on the installed kernel: execute.py IN.ipynb OUT.ipynb [--allow-errors]"""

import pathlib
import sys

import nbformat
from nbclient import NotebookClient

source, target = map(pathlib.Path, sys.argv[1:3])
notebook = nbformat.read(source, as_version=4)
client = NotebookClient(
    notebook,
    kernel_name="eagerdeck",
    timeout=60,
    allow_errors="--allow-errors" in sys.argv,
    resources={"metadata": {"path": str(source.parent)}},
)
client.execute()
nbformat.validate(notebook)
nbformat.write(notebook, target)

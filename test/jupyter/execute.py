"""Executes a notebook with nbclient: execute.py IN.ipynb OUT.ipynb [--allow-errors] [--kernel NAME | --own-kernel]

On the kernel `eagerdeck` by default; --own-kernel takes the one that the notebook names.
"""

import argparse
import pathlib

import nbformat
from nbclient import NotebookClient

parser = argparse.ArgumentParser()
parser.add_argument("source", type=pathlib.Path)
parser.add_argument("target", type=pathlib.Path)
parser.add_argument("--allow-errors", action="store_true")
parser.add_argument("--kernel", default="eagerdeck")
parser.add_argument("--own-kernel", action="store_true")
given = parser.parse_args()

notebook = nbformat.read(given.source, as_version=4)
client = NotebookClient(
    notebook,
    kernel_name="" if given.own_kernel else given.kernel,
    timeout=60,
    allow_errors=given.allow_errors,
    resources={"metadata": {"path": str(given.source.parent)}},
)
client.execute()
nbformat.validate(notebook)
nbformat.write(notebook, given.target)

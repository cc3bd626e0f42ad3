"""Jupyter's own kernel tests with a sample for every one of them.

Prints one JSON object: the names of the tests that ran, and what was skipped, failed or broke. unittest's exit
code alone would let a skipped test pass.
"""

import json
import sys
import unittest

import jupyter_kernel_test


class Eagerdeck(jupyter_kernel_test.KernelTests):
    kernel_name = "eagerdeck"
    language_name = "typescript"
    file_extension = ".ts"

    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('oops')"
    code_generate_error = "throw new TypeError('no')"
    code_page_something = "parseInt?"
    code_clear_output = "console.log('away'); clearOutput(); console.log('stays')"
    code_inspect_sample = "Math.max"

    # `matches` is compared as a set: exactly these, not among others.
    completion_samples = [
        {"text": "'text'.toUpper", "matches": ["toUpperCase"]},
        {"text": "Number.MAX_S", "matches": ["MAX_SAFE_INTEGER"]},
        {"text": "/* '\U0001f600' */ [1].flatM", "matches": ["flatMap"]},
        {"text": "'inside a string.toU", "matches": []},
    ]

    complete_code_samples = [
        "1 + 1",
        "const answer: number = 42",
        "for (const n of [1, 2]) {\n  console.log(n)\n}",
        "await Promise.resolve(1)",
        "const pattern = /[(]/",
        'const quote = /"/',
        "// a comment {",
        "`a ${1 + 1} b`",
    ]
    incomplete_code_samples = [
        "let x =",
        "true ? 1 :",
        "function f() {",
        "[1, 2,",
        "`not closed",
        "/* not closed",
        "const f = (x: number) =>",
        "if (true)",
    ]
    invalid_code_samples = ["let let = 1", "1 +* 2", "'not closed", "}"]

    # One of them matches the history pattern, and only one; each is executed several times by the history test.
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "null", "result": "null"},
        {"code": "'a\\nb'", "result": "'a\\nb'"},
        {"code": "[1, 'two', { three: 3n }]", "result": "[ 1, 'two', { three: 3n } ]"},
        {"code": "html`<b>bold</b>`", "mime": "text/html", "result": "<b>bold</b>"},
        {"code": "await Promise.resolve('late')", "result": "'late'"},
    ]

    code_display_data = [
        {"code": "display(html`<i>shown</i>`)", "mime": "text/html"},
        {"code": "display(md`**shown**`)", "mime": "text/markdown"},
        {"code": "display(svg`<svg xmlns='http://www.w3.org/2000/svg'/>`)", "mime": "image/svg+xml"},
        {
            "code": "display(Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64'))",
            "mime": "image/png",
        },
        {
            "code": "const addOne = task(function addOne({ x }: { x: number }) { return x + 1 }); await addOne({ x: 1 })",
            "mime": "text/html",
        },
    ]

    code_history_pattern = "6 ? 7"
    supported_history_operations = ("tail", "range", "search")


class EagerdeckWelcome(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "eagerdeck"
    support_iopub_welcome = True


class Names(unittest.TextTestResult):
    """Remembers what ran, which unittest only counts."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.names = []

    def startTest(self, test):
        super().startTest(test)
        self.names.append(test.id().rsplit(".", 1)[-1])


tests = unittest.defaultTestLoader.loadTestsFromTestCase
suite = unittest.TestSuite([tests(Eagerdeck), tests(EagerdeckWelcome)])
result = unittest.TextTestRunner(stream=sys.stderr, resultclass=Names).run(suite)
print(
    json.dumps(
        {
            "ran": sorted(result.names),
            "skipped": [f"{test}: {why}" for test, why in result.skipped],
            "failed": [f"{test}\n{trace}" for test, trace in result.failures + result.errors],
        }
    )
)

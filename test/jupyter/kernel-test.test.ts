import { beforeAll, expect, test } from "vitest";
import { requireVenv, runPython } from "../support/jupyter.ts";
import { tempFolder } from "../support/temp-folder.ts";

beforeAll(requireVenv);

test("jupyter_kernel_test: all of its thirteen tests pass, and none is skipped", () => {
  using home = tempFolder();
  const { status, stdout, stderr } = runPython("kernel_test.py", [], home.path, home.path);
  expect(status, stderr).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    ran: [
      "test_clear_output",
      "test_completion",
      "test_display_data",
      "test_error",
      "test_execute_result",
      "test_execute_stderr",
      "test_execute_stdout",
      "test_history",
      "test_inspect",
      "test_is_complete",
      "test_kernel_info",
      "test_pager",
      "test_recv_iopub_welcome_msg",
    ],
    skipped: [],
    failed: [],
  });
});

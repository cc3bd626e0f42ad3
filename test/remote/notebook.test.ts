/** `notebooks/05-remote.ipynb`, which starts a cluster's double beside its kernel. Runs `dist/`. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test, vi } from "vitest";
import { codeCells, result } from "../support/jupyter.ts";
import { tempFolder } from "../support/temp-folder.ts";

test("it runs unattended, gives what it has stored, and leaves nothing behind", async () => {
  using folder = tempFolder();
  const out = join(folder.path, "out.ipynb");
  const { status, stderr } = spawnSync(
    process.execPath,
    [resolve("dist/cli/main.js"), "notebook", "run", "notebooks/05-remote.ipynb", out],
    { encoding: "utf8", env: { ...process.env, TMPDIR: folder.path } },
  );
  expect(status, stderr).toBe(0);
  const stored = codeCells("notebooks/05-remote.ipynb");
  const values = (cells: typeof stored) =>
    cells.slice(0, -1).map((cell) => (result(cell)?.includes("Execution x-") ? "" : result(cell)));
  expect(values(codeCells(out))).toEqual(values(stored));
  expect(values(stored)).toContain(
    "REMOTE_ABORTED: ml.train was aborted on the cluster: only a demonstration".replace(
      /^|$/g,
      "'",
    ),
  );
  // The double takes its folder with it when it ends, and it ends with the kernel that started it.
  await vi.waitFor(
    () =>
      expect(readdirSync(folder.path).filter((name) => name.startsWith("notebook-"))).toEqual([]),
    10_000,
  );
});

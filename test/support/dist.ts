/** Where the build under test is; the environment may name another one. */
import { fileURLToPath } from "node:url";

export const distFolder =
  process.env["EAGERDECK_TEST_DIST"] ?? fileURLToPath(new URL("../../dist", import.meta.url));

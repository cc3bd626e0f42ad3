/**
 * The kernel's process as one file: Node takes half a millisecond for each of two hundred, and people wait for the first
 * answer of a kernel. In the place of what tsc wrote; the user process stays as it is, for cells share its modules.
 */
import { defineConfig } from "rolldown";

export default defineConfig({
  input: { main: "dist/kernel/main.js" },
  platform: "node",
  // Native, or found by their place on disk.
  external: ["oxc-parser", "oxc-resolver", "typescript-native", "zeromq"],
  output: { dir: "dist/kernel", chunkFileNames: "main-[name].js", cleanDir: false },
  logLevel: "warn",
});

/**
 * The processes of the front ends as few files: Node takes half a millisecond for each of two hundred, and people wait
 * for the first answer of a kernel and the first prompt of a terminal. In the place of what tsc wrote, which works as
 * well; the user process stays as it is, for cells share its modules.
 */
import { globSync } from "node:fs";
import { defineConfig } from "rolldown";

// Native, or found by their place on disk.
const external = ["oxc-parser", "oxc-resolver", "typescript-native", "zeromq"];

/** What packages decide at run time and is decided here, so that nothing is loaded for it. */
const decided = {
  name: "decided-at-build-time",
  transform: {
    filter: { id: /node_modules\/(?:ink|yoga-layout)\// },
    handler: (code) =>
      code
        // Ink would load react-devtools-core.
        .replaceAll("process.env['DEV'] === 'true'", "false")
        // Emscripten has `fetch` read the data URL with its bytes, where there is one: for that Node loads undici, a third
        // of all the time that Ink takes. Without it the bytes are decoded where they stand.
        .replaceAll('"function"!=typeof fetch', "true"),
  },
};

/**
 * What speaks to a cluster is loaded with the first call on one: protobuf, the transport and Flyte's messages are two
 * hundred files. They become one, `wire.js`; our own modules stay where they are, since others share them.
 */
const flyte = globSync("dist/runtime/flyte/**/*.js").filter((file) => !file.includes("/idl/"));
const isOwn = (id) => /^\.\.?\//.test(id) && !id.includes("/idl/");

export default defineConfig([
  {
    input: Object.fromEntries(
      flyte.map((file) => [file.slice("dist/runtime/flyte/".length, -".js".length), file]),
    ),
    platform: "node",
    external: (id, importer) =>
      importer !== undefined &&
      (/^(?:opendal|rolldown|undici|yaml|nanotar|zod|eagerdeck)$/.test(id) ||
        (isOwn(id) && !/node_modules|\/idl\//.test(importer))),
    output: {
      dir: "dist/runtime/flyte",
      entryFileNames: "[name].js",
      chunkFileNames: "[name].js",
      cleanDir: false,
      sourcemap: true,
      codeSplitting: { groups: [{ name: "wire", test: /node_modules|\/idl\// }] },
    },
    logLevel: "warn",
  },
  {
    input: { main: "dist/kernel/main.js" },
    platform: "node",
    external,
    output: { dir: "dist/kernel", chunkFileNames: "main-[name].js", cleanDir: false },
    logLevel: "warn",
  },
  {
    input: { launch: "dist/repl/launch.js" },
    platform: "node",
    external,
    // React's production build alone: half the CPU, 25 MB less.
    transform: { define: { "process.env.NODE_ENV": '"production"' } },
    plugins: [decided],
    output: { dir: "dist/repl", chunkFileNames: "launch-[name].js", cleanDir: false },
    logLevel: "warn",
  },
]);

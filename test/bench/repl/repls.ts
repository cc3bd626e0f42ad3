/**
 * The REPLs that are compared: how each is started, how its prompt looks, and the same cells in its language.
 * @module
 */
import { join } from "node:path";

export interface ReplKind {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The first prompt, in the text without escapes. */
  readonly prompt: RegExp;
  /** Prints that many lines; its value, the text `allprinted`, comes after them. */
  print(lines: number): string;
}

const typescript = {
  print: (lines: number) =>
    `for (let i = 0; i < ${lines}; i++) console.log("line", i); "all" + "printed"`,
};

/** ts-node declares every built-in module in its REPL, and those that Node 24 names `node:sea` as well: a syntax error.
 * With TypeScript 6 its compiler options have to be those of old as well. */
const WITHOUT_COLONS =
  'data:text/javascript,import m from "node:module";m.builtinModules=m.builtinModules.filter((name)=>!name.includes(":"))';

/** @param options programs by their paths; absent: they are left out. */
export function replKinds(options: {
  readonly root: string;
  readonly deno?: string;
  readonly ipython?: string;
}): ReplKind[] {
  const { root, deno, ipython } = options;
  const node = process.execPath;
  return [
    {
      name: "eagerdeck",
      command: [node, join(root, "dist/cli/main.js"), "repl"],
      prompt: /In \[1\]: /,
      ...typescript,
    },
    ...(ipython === undefined
      ? []
      : [
          {
            name: "IPython",
            command: [ipython, "--no-banner", "--no-confirm-exit"],
            prompt: /In \[1\]: /,
            print: (lines: number) =>
              `[print("line", i) for i in range(${lines})] and "all" + "printed"`,
          },
        ]),
    ...(deno === undefined
      ? []
      : [
          {
            name: "Deno",
            command: [deno, "repl", "--quiet"],
            env: { DENO_NO_UPDATE_CHECK: "1" },
            prompt: /> /,
            ...typescript,
          },
        ]),
    { name: "Node", command: [node], prompt: /> /, ...typescript },
    {
      name: "ts-node",
      command: [
        node,
        "--import",
        WITHOUT_COLONS,
        join(root, "node_modules/ts-node/dist/bin.js"),
        "--interactive",
        "--compilerOptions",
        '{"module":"commonjs","moduleResolution":"node10","ignoreDeprecations":"6.0"}',
      ],
      prompt: /> /,
      ...typescript,
    },
  ];
}

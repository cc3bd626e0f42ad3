/**
 * What the kernel says of itself: from constants, so that it answers before the session is up.
 * @module
 */
import { createRequire } from "node:module";
import { z } from "zod";
import { LANGUAGE } from "../../runtime/session/notebook-file.ts";
import { PROTOCOL_VERSION } from "../messages.ts";
import type { Handler } from "./index.ts";

const packageSchema = z.object({ version: z.string() });
const require = createRequire(import.meta.url);

function versionOf(name: string): string {
  return packageSchema.parse(require(`${name}/package.json`)).version;
}

export const kernelInfo: Handler<"kernel_info"> = async () => {
  const version = versionOf("eagerdeck");
  const typescript = versionOf("typescript-native");
  return {
    status: "ok",
    protocol_version: PROTOCOL_VERSION,
    implementation: "eagerdeck",
    implementation_version: version,
    language_info: { ...LANGUAGE, version: typescript },
    banner: `eagerdeck ${version}: eager workflows in TypeScript ${typescript}, Node ${process.versions.node}`,
    help_links: [
      { text: "TypeScript", url: "https://www.typescriptlang.org/docs/" },
      { text: "Node.js", url: "https://nodejs.org/docs/latest/api/" },
    ],
    debugger: false,
    supported_features: ["kernel subshells"],
  };
};

/**
 * One browser and one JupyterLab for the tests of a file.
 * @module
 */
import { mkdirSync } from "node:fs";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { launchBrowser } from "./browser.ts";
import { type JupyterLab, startJupyterLab } from "./jupyter-lab.ts";

/** Where pictures go, to be looked at. */
export const OUT = "test/browser/out";

export interface LabSuite {
  readonly browser: Browser;
  readonly lab: JupyterLab;
}

/** Call at the top of a file; read `browser` and `lab` inside the tests. */
export function labSuite(): LabSuite {
  let browser: Browser | undefined;
  let lab: JupyterLab | undefined;
  beforeAll(async () => {
    mkdirSync(OUT, { recursive: true });
    browser = await launchBrowser();
    lab = await startJupyterLab();
  });
  afterAll(async () => {
    await browser?.close();
    await lab?.[Symbol.asyncDispose]();
  });
  const present = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error("browser and JupyterLab are there only inside tests");
    return value;
  };
  return {
    get browser() {
      return present(browser);
    },
    get lab() {
      return present(lab);
    },
  };
}

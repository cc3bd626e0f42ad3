/**
 * Debian's Chromium without a window, and a server that hears what a page asks of the network.
 * @module
 */
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";

/** @throws {Error} when there is no Chromium: a browser test that does not run must not pass. */
export async function launchBrowser(): Promise<Browser> {
  const names = ["chromium", "chromium-browser", "google-chrome"];
  const path = (process.env["PATH"] ?? "")
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((file) => existsSync(file));
  if (path === undefined) {
    throw new Error("no chromium in the PATH; test/support/chromium.sh installs it");
  }
  // Containers run as root, where Chromium's own sandbox refuses to start; it is not what is tested here.
  return await chromium.launch({ executablePath: path, args: ["--no-sandbox"] });
}

/**
 * Code for a page, as text: the types of this project know no document.
 * @param body of a function of `given`: an element, or what the call hands over.
 */
export function inPage<Given, Result>(body: string): (given: Given) => Result {
  return new Function("given", body) as (given: Given) => Result;
}

export interface Ear extends AsyncDisposable {
  /** `http://127.0.0.1:40123` */
  readonly origin: string;
  /** Paths that were asked for, in order. */
  readonly heard: string[];
}

export async function listenForRequests(): Promise<Ear> {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    heard.push(request.url ?? "");
    response.setHeader("access-control-allow-origin", "*").end("");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // An HTTP server on a port has an address with one.
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    heard,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

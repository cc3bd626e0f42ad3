/**
 * Opens the login page, where there is somebody to see it.
 * @module
 */
import { spawn } from "node:child_process";
import { isatty } from "node:tty";

/** Only from a terminal with a display: never from a kernel, a test or a pod. */
export function hasDisplay(environment: NodeJS.ProcessEnv): boolean {
  // By number: asking `process.stdin` would begin to read it.
  if (!isatty(0) || !isatty(2)) return false;
  if (environment["SSH_CONNECTION"]) return false;
  if (process.platform === "darwin" || process.platform === "win32") return true;
  return Boolean(environment["DISPLAY"] || environment["WAYLAND_DISPLAY"]);
}

/** Never fails: the address has been shown, and can be opened by hand. */
export function openBrowser(url: string): void {
  const [program, ...words]: [string, ...string[]] =
    process.platform === "darwin"
      ? ["open", url]
      : process.platform === "win32"
        ? ["rundll32", "url.dll,FileProtocolHandler", url]
        : ["xdg-open", url];
  const child = spawn(program, words, { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}

/**
 * A bundle on its way in: checked, then laid into a folder.
 *
 * Invariants
 *   U1  Nothing is written before the whole archive is the one that was sent, nor anywhere outside of the folder.
 * @module
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parseTar } from "nanotar";
import { FlyteError } from "../errors.ts";
import { MANIFEST, type Manifest } from "./manifest.ts";

/** Fifty megabytes of packed code do not become more than this. */
const UNPACKED_MAX = 512 * 2 ** 20;

/**
 * Unpacks a bundle into a folder, which is there and empty.
 * @param sha256 of the tar within: what the bundle was registered with.
 * @throws {FlyteError} `BUNDLE_INVALID`: it is another one, or names a place outside of the folder.
 */
export function unpackBundle(bytes: Uint8Array, sha256: string, folder: string): Manifest {
  const tar = unzipped(bytes);
  const digest = createHash("sha256").update(tar).digest("hex");
  if (digest !== sha256.toLowerCase()) {
    throw invalid(`its SHA-256 is ${digest}, and the task was registered with ${sha256}`);
  }
  for (const name of rawNames(tar)) {
    if (/^[/\\]|^[A-Za-z]:|\0/.test(name) || name.split(/[/\\]/).includes("..")) {
      throw invalid(`${JSON.stringify(name)} lies outside of it`);
    }
  }
  const entries = parsed(tar);
  for (const { name, type } of entries) {
    if (type !== "file" && type !== "directory") throw invalid(`${name} is a ${String(type)}`);
  }
  const manifest = readManifest(entries.find(({ name }) => name === MANIFEST)?.text);
  for (const { name, type, data } of entries) {
    if (type !== "file") continue;
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, data ?? new Uint8Array(), { flag: "wx" });
  }
  return manifest;
}

const BLOCK = 512;

/** As they are written in the headers: the parser mends them, and what needs mending is none of ours. */
function* rawNames(tar: Uint8Array): Generator<string> {
  const text = (start: number, length: number) =>
    Buffer.from(tar.subarray(start, start + length))
      .toString("utf8")
      .replace(/\0.*$/s, "");
  for (let at = 0; at + BLOCK <= tar.length; ) {
    const name = text(at, 100);
    if (name === "") return;
    const prefix = text(at + 345, 155);
    yield prefix === "" ? name : `${prefix}/${name}`;
    const size = Number.parseInt(text(at + 124, 12).trim() || "0", 8);
    if (!Number.isSafeInteger(size)) throw invalid(`it does not say how long ${name} is`);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
}

function unzipped(bytes: Uint8Array): Uint8Array {
  try {
    // A copy: small buffers of Node are views of a larger one, and the parser reads from the beginning of that.
    return Uint8Array.from(gunzipSync(bytes, { maxOutputLength: UNPACKED_MAX }));
  } catch (error) {
    throw invalid("it is no tar.gz, or too large to unpack", error);
  }
}

function parsed(tar: Uint8Array) {
  try {
    return parseTar(tar);
  } catch (error) {
    throw invalid("it is no tar", error);
  }
}

function readManifest(text: string | undefined): Manifest {
  if (text === undefined) throw invalid(`it has no ${MANIFEST}`);
  try {
    const given: unknown = JSON.parse(text);
    if (typeof given === "object" && given !== null && "module" in given) {
      const { module } = given;
      const externals = "externals" in given ? given.externals : [];
      const eagerdeck = "eagerdeck" in given ? String(given.eagerdeck) : "";
      if (typeof module === "string" && Array.isArray(externals)) {
        return { module, eagerdeck, externals: externals.map(String) };
      }
    }
  } catch (error) {
    throw invalid(`its ${MANIFEST} is no JSON`, error);
  }
  throw invalid(`its ${MANIFEST} names no module`);
}

function invalid(why: string, cause?: unknown): FlyteError {
  return new FlyteError("BUNDLE_INVALID", `the bundle is not used: ${why}`, { cause });
}

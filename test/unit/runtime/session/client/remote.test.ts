import { expect, test } from "vitest";
import { remoteRequest } from "../../../../../runtime/session/client/remote.ts";

const SET = { action: "set", project: "flytesnacks", domain: "development" };

test.each([
  ["", { action: "show" }],
  ["off", { action: "off" }],
  ["flytesnacks/development", SET],
  ["flytesnacks/development --config c.yaml", { ...SET, config: "c.yaml" }],
  ["--config c.yaml flytesnacks/development", { ...SET, config: "c.yaml" }],
  ["flytesnacks/development --config=c.yaml", { ...SET, config: "c.yaml" }],
  ["--config c.yaml", { action: "set", config: "c.yaml" }],
])("%j is understood", (line, request) => {
  expect(remoteRequest(line.split(" ").filter((word) => word !== ""))).toEqual(request);
});

test.each([
  "flytesnacks",
  "flytesnacks/",
  "a/b/c",
  "a/b c/d",
  "off now",
  "a/b --config",
  "a/b --config x --config y",
  "a/b --conf x",
  "--config",
  "--config=",
  "a/../b",
])("%j is no such line", (line) => {
  expect(remoteRequest(line.split(" "))).toBeUndefined();
});

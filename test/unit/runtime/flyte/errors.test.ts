import { inspect } from "node:util";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import {
  FlyteError,
  isTooLarge,
  remoteFailure,
  Status,
  statusOf,
} from "../../../../runtime/flyte/errors.ts";
import { addSecret } from "../../../../runtime/values/redact.ts";

test.each([
  [Code.Unauthenticated, "REMOTE_AUTH", "remote.login()"],
  [Code.PermissionDenied, "REMOTE_AUTH", "remote.check()"],
  [Code.NotFound, "REMOTE_NOT_FOUND", ""],
  [Code.AlreadyExists, "REMOTE_EXISTS", ""],
  [Code.InvalidArgument, "REMOTE_REJECTED", ""],
  [Code.FailedPrecondition, "REMOTE_REJECTED", ""],
  [Code.Unimplemented, "REMOTE_REJECTED", "flyteadmin"],
  [Code.Unavailable, "REMOTE_UNREACHABLE", "endpoint"],
  [Code.DeadlineExceeded, "REMOTE_UNREACHABLE", "network"],
  [Code.ResourceExhausted, "REMOTE_UNREACHABLE", "fewer"],
  [Code.Canceled, "REMOTE_CANCELLED", ""],
])("status %i becomes %s with advice", (status, code, advice) => {
  const cause = new ConnectError("the server's words", status);
  const error = remoteFailure(cause, "fetch task a.b");
  expect(error).toMatchObject({ code, cause, name: "FlyteError" });
  expect(error.message).toContain("could not fetch task a.b: the server's words");
  expect(error.message).toContain(advice);
});

test("the numbers of the statuses are those of the transport", () => {
  for (const [name, number] of Object.entries(Status)) {
    expect(Code[number]?.toLowerCase()).toBe(name.toLowerCase());
  }
});

test("a FlyteError is passed on; anything else is still an error with words", () => {
  const own = new FlyteError("CONFIG_INVALID", "x");
  expect(remoteFailure(own, "try")).toBe(own);
  for (const thrown of [undefined, null, "text", 3, {}, new Error("plain")]) {
    expect(remoteFailure(thrown, "try")).toMatchObject({ code: "REMOTE_UNREACHABLE" });
  }
});

test("an answer that is too large is told from an overload", () => {
  const large = new ConnectError("message size 9 is larger than configured readMaxBytes 5", 8);
  expect(isTooLarge(large)).toBe(true);
  expect(isTooLarge(new ConnectError("slow down", Code.ResourceExhausted))).toBe(false);
  expect(remoteFailure(large, "read")).toMatchObject({ code: "REMOTE_TOO_LARGE" });
});

test("the status of what is no error of the transport is not known", () => {
  expect(statusOf({ code: 5 })).toBeUndefined();
  expect(statusOf(new TypeError("x"))).toBeUndefined();
});

test("a certificate that is not trusted is said to be that", () => {
  const below = Object.assign(new Error("self-signed certificate"), {
    code: "DEPTH_ZERO_SELF_SIGNED_CERT",
  });
  const error = remoteFailure(Object.assign(ConnectError.from(below), { cause: below }), "ask");
  expect(error.message).toContain("caCertFilePath");
});

test("a chain of causes that bites its tail has an end", () => {
  const error = new ConnectError("x", Code.Internal);
  error.cause = error;
  expect(remoteFailure(error, "ask").code).toBe("REMOTE_UNREACHABLE");
});

test("a secret that a server repeats is not in the message", () => {
  addSecret("a-secret-in-words");
  const error = new FlyteError("REMOTE_AUTH", "refused a-secret-in-words");
  expect(inspect(error)).not.toContain("a-secret-in-words");
});

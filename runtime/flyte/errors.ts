/**
 * What may go wrong between this process and a cluster: its settings, the way to it, what it refuses.
 *
 * A failed *call* is an `EagerException`; a FlyteError is what a person meets who configures, logs in, fetches or
 * registers, and the `cause` of the exception when a call failed for such a reason. Loads neither protobuf nor the
 * transport: a ConnectError is known by its shape.
 * @module
 */
import { redactText } from "../values/redact.ts";

/**
 * - `CONFIG_NOT_FOUND`: nothing says where the cluster is; the message lists where was looked
 * - `CONFIG_INVALID`: a setting or a file of settings cannot be used; the message says which and where it stands
 * - `REMOTE_AUTH`: the cluster asks who we are, and there is no answer it takes
 * - `REMOTE_UNREACHABLE`: no answer came, or only that the cluster is not able to
 * - `REMOTE_NOT_FOUND`: the cluster knows no such thing
 * - `REMOTE_EXISTS`: there is one of that name already
 * - `REMOTE_REJECTED`: the cluster understood and refuses
 * - `REMOTE_TOO_LARGE`: the answer or the request is larger than one message may be
 * - `REMOTE_CANCELLED`: we gave up waiting for the answer
 * - `STORAGE_…`: see `StorageCode`
 * - `BUNDLE_FAILED`, `BUNDLE_TOO_LARGE`: the code of a task cannot be sent
 * - `BUNDLE_INVALID`: the code that arrived in a container is not what was sent
 * - `RUNTIME_MISMATCH`: the image has another eagerdeck, or lacks what the task needs
 * - `IMAGE_MISSING`: nobody said in which image a task runs
 * - `NAME_TAKEN`: two things would be registered under one name
 * - `VERSION_CONFLICT`: something else is registered under this name and version
 */
export type FlyteErrorCode =
  | "CONFIG_NOT_FOUND"
  | "CONFIG_INVALID"
  | "REMOTE_AUTH"
  | "REMOTE_UNREACHABLE"
  | "REMOTE_NOT_FOUND"
  | "REMOTE_EXISTS"
  | "REMOTE_REJECTED"
  | "REMOTE_TOO_LARGE"
  | "REMOTE_CANCELLED"
  | "BUNDLE_FAILED"
  | "BUNDLE_TOO_LARGE"
  | "BUNDLE_INVALID"
  | "RUNTIME_MISMATCH"
  | "IMAGE_MISSING"
  | "NAME_TAKEN"
  | "VERSION_CONFLICT"
  | StorageCode;

/**
 * - `STORAGE_NOT_FOUND`: nothing is stored there
 * - `STORAGE_DENIED`: the storage refused; credentials are missing, wrong or not allowed to
 * - `STORAGE_UNREACHABLE`: no answer, or the connection broke again and again
 * - `STORAGE_NO_LIST`: a folder cannot be listed without credentials of the storage
 * - `STORAGE_NO_WRITE`: there is no way to write to this place from here
 * - `STORAGE_TOO_LARGE`: more bytes than can be held in memory, or sent in one request
 * - `STORAGE_CHANGED`: what is stored changed while it was read, or what is sent while it was sent
 * - `STORAGE_UNSUPPORTED`: an address of a kind that nobody here can open
 * - `STORAGE_MISSING`: the package that speaks to the storage does not load
 * - `STORAGE_FAILED`: anything else the storage answered
 */
export type StorageCode =
  | "STORAGE_NOT_FOUND"
  | "STORAGE_DENIED"
  | "STORAGE_UNREACHABLE"
  | "STORAGE_NO_LIST"
  | "STORAGE_NO_WRITE"
  | "STORAGE_TOO_LARGE"
  | "STORAGE_CHANGED"
  | "STORAGE_UNSUPPORTED"
  | "STORAGE_MISSING"
  | "STORAGE_FAILED";

export class FlyteError extends Error {
  static {
    // On the prototype: an own `name` would be printed a second time by `util.inspect`.
    const name = { value: "FlyteError", configurable: true, writable: true };
    Object.defineProperty(FlyteError.prototype, "name", name);
  }
  readonly code: FlyteErrorCode;

  constructor(code: FlyteErrorCode, message: string, options?: ErrorOptions) {
    super(redactText(message), options);
    this.code = code;
  }
}

/** The numbers of gRPC's status codes, as they are on the wire. */
export const Status = {
  canceled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

/** The status of an error that a call of the client rejected with; `undefined` for any other value. */
export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || error.name !== "ConnectError") return undefined;
  const code: unknown = Reflect.get(error, "code");
  return typeof code === "number" ? code : undefined;
}

/**
 * A message larger than what the reader takes, on our side or on the server's. gRPC gives it the code of an overload, and
 * yet no repetition helps.
 */
export function isTooLarge(error: unknown): boolean {
  return statusOf(error) === Status.resourceExhausted && TOO_LARGE.test(messageOf(error));
}

const TOO_LARGE = /readMaxBytes|writeMaxBytes|message larger than max|larger than max \(/i;

/**
 * The error to show for what a call of the client rejected with.
 * @param what the thing that was tried, as the part of a sentence: `fetch task ml.train`.
 * @returns the error itself if it is a FlyteError already.
 */
export function remoteFailure(error: unknown, what: string): FlyteError {
  if (error instanceof FlyteError) return error;
  const status = statusOf(error);
  if (status === undefined) {
    return new FlyteError("REMOTE_UNREACHABLE", `could not ${what}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  const { code, advice } = meaningOf(status, error);
  const said = messageOf(error);
  const text = `could not ${what}: ${said}${advice && `${/[.!?]$/.test(said) ? "" : "."} ${advice}`}`;
  return new FlyteError(code, text, { cause: error });
}

function meaningOf(status: number, error: unknown): { code: FlyteErrorCode; advice: string } {
  const tls = tlsAdvice(error);
  if (tls !== undefined) return { code: "REMOTE_UNREACHABLE", advice: tls };
  switch (status) {
    case Status.unauthenticated:
      return { code: "REMOTE_AUTH", advice: "Log in again: remote.logout(), then remote.login()" };
    case Status.permissionDenied:
      return {
        code: "REMOTE_AUTH",
        advice: "The cluster knows you and does not allow it; remote.check() shows as whom",
      };
    case Status.notFound:
      return { code: "REMOTE_NOT_FOUND", advice: "" };
    case Status.alreadyExists:
      return { code: "REMOTE_EXISTS", advice: "" };
    case Status.canceled:
      return { code: "REMOTE_CANCELLED", advice: "" };
    case Status.unimplemented:
      return {
        code: "REMOTE_REJECTED",
        advice: "The endpoint does not speak this part of Flyte 1.x: is it the one of flyteadmin?",
      };
    case Status.resourceExhausted:
      return isTooLarge(error)
        ? { code: "REMOTE_TOO_LARGE", advice: "" }
        : { code: "REMOTE_UNREACHABLE", advice: "The cluster asks for fewer requests; try later" };
    case Status.unavailable:
    case Status.aborted:
    case Status.deadlineExceeded:
    case Status.internal:
      return {
        code: "REMOTE_UNREACHABLE",
        advice: "Are the endpoint and `insecure` right, and is the network there?",
      };
    default:
      return { code: "REMOTE_REJECTED", advice: "" };
  }
}

/** What to do when the two ends could not agree on encryption; `undefined` when that was not the trouble. */
function tlsAdvice(error: unknown): string | undefined {
  for (const { code } of causesOf(error)) {
    if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG/.test(code)) {
      return "The server speaks cleartext: set `insecure: true` if that is meant";
    }
    if (/CERT|SIGNATURE|ALTNAME/.test(code)) {
      return "Its certificate is not trusted: give the authority's as `caCertFilePath`";
    }
  }
  return undefined;
}

/** The errors below an error that carry a code of Node's, from the outside in. */
export function causesOf(error: unknown): { code: string }[] {
  const found: { code: string }[] = [];
  const seen = new Set<unknown>();
  for (let at = error; at instanceof Error && !seen.has(at); at = at.cause) {
    seen.add(at);
    const code: unknown = Reflect.get(at, "code");
    if (typeof code === "string") found.push({ code });
  }
  return found;
}

/** The message without the `[unavailable]` that the transport puts in front of it. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const raw: unknown = Reflect.get(error, "rawMessage");
  return typeof raw === "string" && raw !== "" ? raw : error.message;
}

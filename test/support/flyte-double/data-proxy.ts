/**
 * DataProxyService: places to upload to, links to download from.
 * @module
 */
import { randomBytes } from "node:crypto";
import { type Duration, durationMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, type ServiceImpl } from "@connectrpc/connect";
import {
  ArtifactType,
  type DataProxyService,
} from "../../../runtime/flyte/idl/flyteidl/service/dataproxy_pb.ts";
import { invalid } from "./checks.ts";
import { md5 } from "./objects.ts";
import type { World } from "./world.ts";

/** As in flyteadmin's default configuration. */
const MAX_EXPIRY_MS = 3_600_000;

export function dataProxyMethods(world: World) {
  const { objects, store } = world;
  return {
    createUploadLocation(request) {
      const { project, domain, contentMd5, filenameRoot } = request;
      if (project === "" || domain === "") {
        throw invalid("project and domain are required parameters");
      }
      if (filenameRoot === "" && contentMd5.length === 0) {
        throw invalid("content_md5 or filename_root is a required parameter");
      }
      const expiry = lifetime(request.expiresIn);
      const filename = request.filename || randomBytes(10).toString("hex");
      const prefix = filenameRoot || base32(contentMd5);
      const nativeUrl = `${objects.base}/uploads/${project}/${domain}/${prefix}/${filename}`;
      if (request.filename !== "" && filenameRoot !== "") {
        const known = objects.get(nativeUrl);
        if (known && !md5(known).equals(contentMd5)) {
          throw new ConnectError(
            `file already exists at location [${nativeUrl}], specify a matching hash if you wish to rewrite`,
            Code.AlreadyExists,
          );
        }
      }
      const digest = Buffer.from(contentMd5).toString("base64");
      const headers: Record<string, string> =
        contentMd5.length > 0 ? { "Content-MD5": digest } : {};
      if (request.addContentMd5Metadata) headers["x-amz-meta-flyteContentMD5"] = digest;
      const { url, expiresAt } = store.sign("PUT", nativeUrl, expiry, headers);
      return { signedUrl: url, nativeUrl, expiresAt: timestampFromDate(expiresAt), headers };
    },
    createDownloadLocation({ nativeUrl, expiresIn }) {
      const { url, expiresAt } = store.sign("GET", nativeUrl, lifetime(expiresIn));
      return { signedUrl: url, expiresAt: timestampFromDate(expiresAt) };
    },
    createDownloadLink({ artifactType, expiresIn, source }) {
      if (artifactType !== ArtifactType.DECK) {
        throw invalid(
          `error while validating request. Error: invalid artifact type [${artifactType}]`,
        );
      }
      if (source.case !== "nodeExecutionId") {
        throw invalid("error while validating request. Error: source is required. Provided nil");
      }
      const { executionId, nodeId } = source.value;
      const row = executionId && world.executions.find(executionId);
      const node = row?.nodes.get(nodeId);
      if (!node) throw invalid(`failed to find node execution [${nodeId}]`);
      if (!node.deckUri) throw new ConnectError("no deckUrl found for request", Code.NotFound);
      if (objects.size(node.deckUri) === undefined) {
        throw new ConnectError("object not found", Code.NotFound);
      }
      const signed = store.sign("GET", node.deckUri, lifetime(expiresIn));
      const preSignedUrls = {
        signedUrl: [signed.url],
        expiresAt: timestampFromDate(signed.expiresAt),
      };
      return { ...preSignedUrls, preSignedUrls };
    },
  } satisfies Partial<ServiceImpl<typeof DataProxyService>>;
}

function lifetime(expiresIn: Duration | undefined): number {
  if (!expiresIn) return MAX_EXPIRY_MS;
  const ms = durationMs(expiresIn);
  if (ms < 0) throw invalid(`expiresIn [${ms}ms] is invalid`);
  if (ms > MAX_EXPIRY_MS) {
    throw invalid(`expiresIn [${ms}ms] cannot exceed max allowed expiration [1h0m0s]`);
  }
  return ms;
}

function base32(bytes: Uint8Array): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  const text = (bits.match(/.{1,5}/g) ?? [])
    .map((group) => alphabet[Number.parseInt(group.padEnd(5, "0"), 2)])
    .join("");
  return text.padEnd(Math.ceil(text.length / 8) * 8, "=");
}

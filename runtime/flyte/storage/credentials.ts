/**
 * What an object storage is opened with, and whether this process has any credentials for it.
 * @module
 */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { StorageSettings } from "../config.ts";
import type { ObjectLocation } from "./location.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** By where a cloud's own tools would find them. Nothing is asked on the network. */
export function hasCredentials(
  scheme: ObjectLocation["scheme"],
  settings: StorageSettings,
  environment: Environment = process.env,
  home: string = homedir(),
): boolean {
  const isSet = (...names: string[]) => names.some((name) => (environment[name] ?? "") !== "");
  switch (scheme) {
    case "s3":
      return (
        (settings.accessKeyId !== undefined && settings.secretAccessKey !== undefined) ||
        (isSet("AWS_ACCESS_KEY_ID") && isSet("AWS_SECRET_ACCESS_KEY")) ||
        isSet(
          "AWS_PROFILE",
          "AWS_WEB_IDENTITY_TOKEN_FILE",
          "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
          "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        ) ||
        existsSync(environment["AWS_SHARED_CREDENTIALS_FILE"] ?? join(home, ".aws", "credentials"))
      );
    case "gs":
      return (
        isSet("GOOGLE_APPLICATION_CREDENTIALS") ||
        existsSync(join(home, ".config", "gcloud", "application_default_credentials.json"))
      );
    case "abfs":
      return isSet("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE");
  }
}

/** The service of OpenDAL that opens a bucket, and its options. */
export interface Service {
  readonly name: "s3" | "gcs" | "azblob";
  readonly options: Readonly<Record<string, string>>;
}

/** @param region of the bucket, when the settings name none. */
export function serviceOf(
  { scheme, bucket, account }: ObjectLocation,
  settings: StorageSettings,
  region: string,
  environment: Environment = process.env,
): Service {
  switch (scheme) {
    case "s3": {
      const { accessKeyId, secretAccessKey, endpoint, addressingStyle } = settings;
      return {
        name: "s3",
        options: given({
          bucket,
          region,
          endpoint:
            endpoint ?? environment["AWS_ENDPOINT_URL_S3"] ?? environment["AWS_ENDPOINT_URL"],
          access_key_id: accessKeyId,
          secret_access_key: secretAccessKey,
          enable_virtual_host_style: addressingStyle === "virtual" ? "true" : undefined,
          // With keys in hand nobody has to ask the machine's own service, which takes seconds to be missing.
          disable_ec2_metadata: accessKeyId === undefined ? undefined : "true",
        }),
      };
    }
    case "gs":
      return { name: "gcs", options: { bucket } };
    case "abfs": {
      const name = account ?? environment["AZURE_STORAGE_ACCOUNT_NAME"];
      return {
        name: "azblob",
        options: given({
          container: bucket,
          account_name: name,
          account_key: environment["AZURE_STORAGE_ACCOUNT_KEY"],
          endpoint: name && `https://${name}.blob.core.windows.net`,
        }),
      };
    }
  }
}

function given(options: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const set: Record<string, string> = {};
  for (const [name, value] of Object.entries(options)) if (value) set[name] = value;
  return set;
}

import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { firstSecret } from "../../../../runtime/flyte/config/secret-places.ts";
import { Config, type Platform, sealPlatform } from "../../../../runtime/flyte/config.ts";
import { FlyteError } from "../../../../runtime/flyte/errors.ts";
import { redactText } from "../../../../runtime/values/redact.ts";
import { type TempFolder, tempFolder } from "../../../support/temp-folder.ts";

let home: TempFolder;
beforeEach(() => {
  home = tempFolder();
});
afterEach(() => home[Symbol.dispose]());

const YAML = ".flyte/config.yaml";
const INI = ".flyte/config";

/** What the settings of a home folder come to. */
function resolved(files: Record<string, string>, environment: NodeJS.ProcessEnv = {}): Platform {
  for (const [name, text] of Object.entries(files)) home.write(name, text);
  return Config.auto().resolve({ HOME: home.path, ...environment });
}

/** The error of settings that cannot be used, with its code. */
function refusal(act: () => unknown): FlyteError {
  try {
    act();
  } catch (error) {
    if (error instanceof FlyteError) return error;
    throw error;
  }
  throw new Error("it was taken");
}

const at = (text: string) => Config.forEndpoint(text).resolve({}).endpoint;

test.each([
  ["flyte.example.org", "flyte.example.org:443"],
  ["dns:///flyte.example.org", "flyte.example.org:443"],
  ["dns:///flyte.example.org:8089", "flyte.example.org:8089"],
  ["https://flyte.example.org/", "flyte.example.org:443"],
  ["http://localhost:30080", "localhost:30080"],
  ["http://localhost", "localhost:80"],
  ["[::1]:8089", "[::1]:8089"],
])("the endpoint %s is %s", (text, endpoint) => expect(at(text)).toBe(endpoint));

test("a cluster without encryption is at port 80", () => {
  const platform = Config.forEndpoint("localhost", { insecure: true }).resolve({});
  expect(platform).toMatchObject({ endpoint: "localhost:80", consoleUrl: "http://localhost" });
});

test.each(["", "https://", "a b", "host:0", "host:70000", "host/path", "host:port", "a:b:c"])(
  "%j is no endpoint",
  (text) => {
    expect(refusal(() => Config.forEndpoint(text))).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("flyte.example.org:443"),
    });
  },
);

test("a password in an endpoint is refused without being shown", () => {
  const { message } = refusal(() => Config.forEndpoint("https://ada:hunter22@host"));
  expect(message).not.toContain("hunter22");
});

test("making a config reads nothing; what is asked for is read when it is needed", () => {
  const config = Config.auto(join(home.path, "later.yaml"));
  expect(inspect(config)).toContain("Config.auto(");
  home.write("later.yaml", "admin: { endpoint: later.example.org }");
  expect(config.resolve({}).endpoint).toBe("later.example.org:443");
});

test("files are looked for in flytekit's order", () => {
  const environment: NodeJS.ProcessEnv = { HOME: home.path };
  home.write(YAML, "admin: { endpoint: from-yaml }");
  expect(Config.auto().resolve(environment)).toMatchObject({
    endpoint: "from-yaml:443",
    source: join(home.path, YAML),
  });
  home.write(INI, "[platform]\nurl = from-ini\n");
  expect(Config.auto().resolve(environment).endpoint).toBe("from-ini:443");
  const named = home.write("other.yml", "admin: { endpoint: from-variable }");
  expect(Config.auto().resolve({ ...environment, FLYTECTL_CONFIG: named }).endpoint).toBe(
    "from-variable:443",
  );
  const explicit = home.write("mine.config", "[platform]\nurl: from-code\n");
  expect(Config.auto(explicit).resolve({ ...environment, FLYTECTL_CONFIG: named }).endpoint).toBe(
    "from-code:443",
  );
});

test("a variable that names no file is said, and the search goes on", () => {
  const platform = resolved(
    { [YAML]: "admin: { endpoint: a }" },
    { FLYTECTL_CONFIG: "/nowhere/config.yaml" },
  );
  expect(platform.hints).toEqual([expect.stringContaining("/nowhere/config.yaml")]);
});

test("nothing found is an error that lists what was tried, never a sandbox", () => {
  const error = refusal(() => resolved({}));
  expect(error.code).toBe("CONFIG_NOT_FOUND");
  for (const tried of ["FLYTE_PLATFORM_URL", "flytekit.config", join(home.path, INI), YAML]) {
    expect(error.message).toContain(tried);
  }
});

test("a file that was asked for and is not there is an error, whatever else says", () => {
  const environment = { FLYTE_PLATFORM_URL: "elsewhere" };
  expect(refusal(() => Config.auto("/nowhere/c.yaml").resolve(environment))).toMatchObject({
    code: "CONFIG_NOT_FOUND",
    message: expect.stringContaining("/nowhere/c.yaml"),
  });
});

test("the environment alone is enough", () => {
  expect(resolved({}, { FLYTE_PLATFORM_URL: "dns:///e" })).toMatchObject({
    endpoint: "e:443",
    source: "the environment",
  });
});

test("a file without an endpoint says what it lacks", () => {
  expect(refusal(() => resolved({ [YAML]: "admin: { insecure: true }" }))).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(/config\.yaml.*admin\.endpoint/),
  });
});

/** Setting, YAML below `admin`, INI, variable, value as text, what it comes to. */
const ROWS: [string, string, string, string, string, object][] = [
  [
    "insecure",
    "admin.insecure",
    "platform.insecure",
    "FLYTE_PLATFORM_INSECURE",
    "true",
    { insecure: true },
  ],
  [
    "skip",
    "admin.insecureSkipVerify",
    "platform.insecure_skip_verify",
    "FLYTE_PLATFORM_INSECURE_SKIP_VERIFY",
    "1",
    { insecureSkipVerify: true },
  ],
  [
    "ca",
    "admin.caCertFilePath",
    "platform.ca_cert_file_path",
    "FLYTE_PLATFORM_CA_CERT_FILE_PATH",
    "/ca.pem",
    { caCertFile: "/ca.pem" },
  ],
  [
    "proxy",
    "admin.httpProxyURL",
    "platform.http_proxy_url",
    "FLYTE_PLATFORM_HTTP_PROXY_URL",
    "http://p:3128",
    { httpProxy: "http://p:3128" },
  ],
  [
    "console",
    "console.endpoint",
    "platform.console_endpoint",
    "FLYTE_PLATFORM_CONSOLE_ENDPOINT",
    "https://ui/console/",
    { consoleUrl: "https://ui" },
  ],
  [
    "mode",
    "admin.authType",
    "credentials.auth_mode",
    "FLYTE_CREDENTIALS_AUTH_MODE",
    "DeviceFlow",
    { auth: { mode: "DeviceFlow" } },
  ],
  [
    "client",
    "admin.clientId",
    "credentials.client_id",
    "FLYTE_CREDENTIALS_CLIENT_ID",
    "me",
    { auth: { clientId: "me" } },
  ],
  [
    "scopes",
    "admin.scopes",
    "credentials.scopes",
    "FLYTE_CREDENTIALS_SCOPES",
    "all, offline",
    { auth: { scopes: ["all", "offline"] } },
  ],
  [
    "audience",
    "admin.audience",
    "credentials.audience",
    "FLYTE_CREDENTIALS_AUDIENCE",
    "https://a",
    { auth: { audience: "https://a" } },
  ],
  [
    "proxy command",
    "admin.proxyCommand",
    "credentials.proxy_command",
    "FLYTE_CREDENTIALS_PROXY_COMMAND",
    "gcloud,token",
    { auth: { proxyCommand: ["gcloud", "token"] } },
  ],
  [
    "storage",
    "storage.connection.endpoint",
    "aws.endpoint",
    "FLYTE_AWS_ENDPOINT",
    "http://s",
    { storage: { endpoint: "http://s" } },
  ],
  [
    "key id",
    "storage.connection.access-key",
    "aws.access_key_id",
    "FLYTE_AWS_ACCESS_KEY_ID",
    "id",
    { storage: { accessKeyId: "id" } },
  ],
  [
    "key",
    "storage.connection.secret-key",
    "aws.secret_access_key",
    "FLYTE_AWS_SECRET_ACCESS_KEY",
    "hidden-key",
    { storage: { secretAccessKey: "hidden-key" } },
  ],
  [
    "addressing",
    "storage.connection.addressing-style",
    "aws.addressing_style",
    "FLYTE_AWS_ADDRESSING_STYLE",
    "path",
    { storage: { addressingStyle: "path" } },
  ],
  ["project", "task.project", "local.project", "FLYTE_LOCAL_PROJECT", "p", { project: "p" }],
  ["domain", "task.domain", "local.domain", "FLYTE_LOCAL_DOMAIN", "d", { domain: "d" }],
  ["org", "task.org", "local.org", "FLYTE_LOCAL_ORG", "o", { org: "o" }],
  ["image", "images.default", "images.default", "EAGERDECK_IMAGE", "img:1", { image: "img:1" }],
];

/** `admin.insecure` → the YAML of it, beside an endpoint. */
function yamlOf(path: string, value: string): string {
  const [section = "", ...rest] = path.split(".");
  const inner = rest.reduceRight((below, key) => `{ ${key}: ${below} }`, value);
  return section === "admin"
    ? `admin: { endpoint: e, ${rest[0]}: ${JSON.stringify(value)} }`
    : `admin: { endpoint: e }\n${section}: ${inner}`;
}

function iniOf(path: string, value: string): string {
  const [section, option] = path.split(".");
  return `[platform]\nurl = e\n[${section}]\n${option} = ${value}\n`;
}

test.each(ROWS)(
  "%s is read from YAML, from INI and from the environment",
  (_, yaml, ini, env, text, found) => {
    expect(resolved({ [YAML]: yamlOf(yaml, text) })).toMatchObject(found);
    expect(resolved({ [INI]: iniOf(ini, text) })).toMatchObject(found);
    expect(resolved({}, { [env]: text })).toMatchObject(found);
    home.write(INI, iniOf(ini, "0.0.0.0"));
    // The environment comes before the file.
    expect(resolved({}, { [env]: text })).toMatchObject(found);
  },
);

test.each(["false", "0", "off", "no", "", "FALSE", "Off"])("%j is no", (word) => {
  expect(
    resolved(
      { [YAML]: "admin: { endpoint: e, insecure: true }" },
      { FLYTE_PLATFORM_INSECURE: word },
    ),
  ).toMatchObject({ insecure: false, endpoint: "e:443" });
});

test.each(["true", "1", "on", "yes", "True"])("%j is yes", (word) => {
  expect(resolved({ [INI]: `[platform]\nurl = e\ninsecure = ${word}` }).insecure).toBe(true);
});

test.each([
  [undefined, "Pkce"],
  ["Pkce", "Pkce"],
  ["STANDARD", "Pkce"],
  ["clientsecret", "ClientSecret"],
  ["basic", "ClientSecret"],
  ["client_credentials", "ClientSecret"],
  ["deviceflow", "DeviceFlow"],
  ["ExternalCommand", "ExternalCommand"],
  ["external_process", "ExternalCommand"],
])("authType %s is %s", (authMode, mode) => {
  const platform = Config.forEndpoint("e", { authMode, command: ["x"] }).resolve({});
  expect(platform.auth.mode).toBe(mode);
});

test("an unknown authType lists the known ones", () => {
  expect(
    refusal(() => Config.forEndpoint("e", { authMode: "kerberos" }).resolve({})),
  ).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(/Pkce.*ClientSecret.*DeviceFlow.*ExternalCommand/),
  });
});

test("a command that prints tokens has to be given", () => {
  expect(
    refusal(() => resolved({ [YAML]: "admin: { endpoint: e, authType: ExternalCommand }" }))
      .message,
  ).toContain("admin.command");
});

test("the secret: the variable, then the file, then the text; the first two mean ClientSecret", () => {
  const file = home.write("secret", "from-the-file\n");
  const text = `admin: { endpoint: e, clientSecretEnvVar: MINE, clientSecretLocation: ${file} }`;
  const environment = { FLYTE_CREDENTIALS_CLIENT_SECRET: "from-the-text" };
  const all = resolved({ [YAML]: text }, { ...environment, MINE: "from-the-variable" });
  expect(all.auth.mode).toBe("ClientSecret");
  expect(firstSecret(all.auth.secrets)).toBe("from-the-variable");
  expect(firstSecret(resolved({}, environment).auth.secrets)).toBe("from-the-file");
  const plain = resolved({ [YAML]: "admin: { endpoint: e }" }, environment);
  expect(plain.auth.mode).toBe("Pkce");
  expect(firstSecret(plain.auth.secrets)).toBe("from-the-text");
  const nowhere = resolved({ [YAML]: "admin: { endpoint: e, clientSecretLocation: /nowhere/s }" });
  expect(refusal(() => firstSecret(nowhere.auth.secrets)).message).toContain("/nowhere/s");
});

test("secrets are used and not seen", () => {
  const platform = resolved(
    {
      [YAML]:
        "admin: { endpoint: e }\nstorage: { connection: { access-key: id, secret-key: minio-hidden } }",
    },
    { FLYTE_CREDENTIALS_CLIENT_SECRET: "client-hidden" },
  );
  expect(platform.storage.secretAccessKey).toBe("minio-hidden");
  const shown = `${inspect(platform, { depth: 9, showHidden: true })} ${JSON.stringify(platform)} ${sealPlatform(platform)}`;
  expect(shown).not.toContain('hidden"');
  expect(shown).not.toContain("minio-hidden");
  expect(shown).not.toContain("client-hidden");
  expect(redactText("it was minio-hidden or client-hidden")).toBe(
    "it was [redacted] or [redacted]",
  );
});

test("a key of the Go programs is nothing, a key of nobody is a warning with the nearest", () => {
  const { hints } = resolved({
    [YAML]:
      "admin:\n  endpoint: e\n  tokenRefreshWindow: 5m\n  MaxRetries: 3\n  pkceConfig: {}\n  insecur: true\n  zzz: 1\nlogger: { level: 1 }\n",
  });
  expect(hints).toEqual([
    expect.stringMatching(/line 6, column 3.*admin\.insecur; did you mean insecure\?/),
    expect.stringMatching(/line 7, column 3.*admin\.zzz$/),
  ]);
});

test("keys are read in any case, as Go reads them", () => {
  expect(resolved({ [YAML]: "Admin: { Endpoint: e, INSECURE: true }" })).toMatchObject({
    insecure: true,
  });
});

test.each([
  ["no YAML", "admin:\n  endpoint: [", /config\.yaml, line 2, column \d+/],
  ["tabs", "admin:\n\tendpoint: e", /line 2, column \d+/],
  ["a list", "- admin", /line 1, column 1.*map/],
  [
    "a map for a text",
    "admin:\n  endpoint:\n    host: e",
    /admin\.endpoint in .*line 3, column 5 has to be a text, not a map/,
  ],
  [
    "a list for a flag",
    "admin:\n  endpoint: e\n  insecure: [1]",
    /admin\.insecure in .*line 3.*true or false/,
  ],
  ["a map in a list", "admin:\n  endpoint: e\n  scopes: [{}]", /item 1 of admin\.scopes/],
])("%s in a YAML file is reported with its place", (_, text, message) => {
  expect(refusal(() => resolved({ [YAML]: text }))).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(message),
  });
});

test("an anchor may stand for a section", () => {
  const text = "base: &base { endpoint: e, clientId: 5 }\nadmin: *base";
  expect(resolved({ [YAML]: text })).toMatchObject({ endpoint: "e:443", auth: { clientId: "5" } });
});

test("an empty YAML file is a file that says nothing", () => {
  expect(refusal(() => resolved({ [YAML]: "# nothing\n" })).message).toContain("admin.endpoint");
});

test("aliases that multiply do not eat the memory", () => {
  const levels = Array.from(
    { length: 12 },
    (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(10)}]`,
  );
  const bomb = ["a0: &a0 [x]", ...levels, "admin: { endpoint: e, scopes: *a12 }"].join("\n");
  expect(refusal(() => resolved({ [YAML]: bomb }))).toMatchObject({ code: "CONFIG_INVALID" });
});

test("an INI file is read as configparser reads it", () => {
  const platform = resolved({
    [INI]:
      "\uFEFF# flytekit\r\n; also a comment\r\n[platform]\r\nURL: dns:///e\r\n[credentials]\r\nscopes = a,\r\n  b\r\nclient_id=x=y\r\n",
  });
  expect(platform).toMatchObject({
    endpoint: "e:443",
    auth: { scopes: ["a", "b"], clientId: "x=y" },
  });
});

test.each([
  ["url = e", /config, line 1, column 1.*\[section\]/],
  ["[platform]\nurl e", /config, line 2, column 1.*option = value/],
])("%j is no INI file, and the error says where", (text, message) => {
  expect(refusal(() => resolved({ [INI]: text }))).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(message),
  });
});

test("a certificate that is not checked is a warning for every run", () => {
  const options = { insecureSkipVerify: true };
  expect(Config.forEndpoint("e", options).resolve({}).warnings).toEqual([
    expect.stringContaining("not checked"),
  ]);
});

test("the console is where the cluster is, unless it is said", () => {
  expect(Config.forEndpoint("e:8089").resolve({}).consoleUrl).toBe("https://e:8089");
  expect(Config.forEndpoint("e", { consoleUrl: "ui.example.org" }).resolve({}).consoleUrl).toBe(
    "https://ui.example.org",
  );
  expect(
    refusal(() => Config.forEndpoint("e", { consoleUrl: "https://a:bcdefg@ui" }).resolve({})),
  ).toMatchObject({ code: "CONFIG_INVALID", message: expect.not.stringContaining("bcdefg") });
});

test("code beats the environment; options that nobody knows are refused", () => {
  const environment = { FLYTE_PLATFORM_URL: "other", FLYTE_CREDENTIALS_CLIENT_ID: "from-env" };
  const platform = Config.forEndpoint("mine", { audience: "a" }).resolve(environment);
  expect(platform).toMatchObject({
    endpoint: "mine:443",
    auth: { clientId: "from-env", audience: "a" },
  });
  const unknown: object = { insecur: true };
  expect(refusal(() => Config.forEndpoint("mine", unknown)).message).toContain("insecur");
});

test("one cluster does not take settings from the file of another", () => {
  home.write(YAML, "admin: { endpoint: e, clientId: of-the-file, insecure: true }");
  const platform = Config.forEndpoint("mine").resolve({ HOME: home.path });
  expect(platform).toMatchObject({ insecure: false, auth: { mode: "Pkce" } });
  expect(platform.auth.clientId).toBeUndefined();
});

test("the sandbox is found from outside and from its pods", () => {
  expect(Config.forSandbox().resolve({})).toMatchObject({
    endpoint: "localhost:30080",
    insecure: true,
    consoleUrl: "http://localhost:30080",
    storage: { endpoint: "http://localhost:30002", accessKeyId: "minio" },
  });
  const pod = { FLYTE_INTERNAL_EXECUTION_ID: "f1" };
  expect(Config.forSandbox().resolve(pod)).toMatchObject({
    endpoint: "flyte-sandbox-grpc.flyte:8089",
    insecure: true,
    consoleUrl: "http://localhost:30080",
    storage: { endpoint: "http://flyte-sandbox-minio.flyte:9000" },
  });
  expect(
    Config.forSandbox().resolve({ ...pod, FLYTE_PLATFORM_URL: "flyteadmin:81" }).endpoint,
  ).toBe("flyteadmin:81");
});

test("in a pod: the cluster's environment, then what was registered, then code", () => {
  const laptop = Config.forEndpoint("laptop:1", { insecure: true, clientId: "c", project: "p" });
  const EAGERDECK_PLATFORM = sealPlatform(laptop.resolve({}));
  const pod = { FLYTE_INTERNAL_EXECUTION_ID: "f1" };
  expect(laptop.resolve(pod).endpoint).toBe("laptop:1");
  const inCode = Config.forEndpoint("code:2");
  expect(inCode.resolve({ ...pod, EAGERDECK_PLATFORM })).toMatchObject({
    endpoint: "laptop:1",
    insecure: true,
    project: "p",
    auth: { clientId: "c" },
  });
  expect(inCode.resolve({ ...pod, EAGERDECK_PLATFORM, FLYTE_PLATFORM_URL: "pod:3" }).endpoint).toBe(
    "pod:3",
  );
  // Outside of a pod the variable is nothing.
  expect(inCode.resolve({ EAGERDECK_PLATFORM }).endpoint).toBe("code:2");
});

test("a file that only the laptop has is no trouble in a pod that knows its cluster", () => {
  const config = Config.auto("config-of-the-laptop.yaml");
  const pod = { FLYTE_INTERNAL_EXECUTION_ID: "f1", FLYTE_PLATFORM_URL: "pod:3" };
  expect(config.resolve(pod).endpoint).toBe("pod:3");
});

test("what is registered holds no secret and no path, and the sandbox by its inner name", () => {
  const config = Config.forEndpoint("localhost:30080", {
    insecure: true,
    caCertFile: "/home/ada/ca.pem",
    clientSecretFile: "/home/ada/secret",
    httpProxy: "http://ada:hunter22@proxy",
    storageKeyId: "minio",
    storageKey: "hidden-key",
    proxyCommand: ["/home/ada/bin/token"],
  });
  const sealed = sealPlatform(config.resolve({}));
  expect(JSON.parse(sealed)).toMatchObject({
    endpoint: "flyte-sandbox-grpc.flyte:8089",
    consoleUrl: "http://localhost:30080",
  });
  for (const part of ["ada", "hunter22", "hidden", 'minio"']) expect(sealed).not.toContain(part);
});

test.each(["{", "[]", "3", '{"endpoint":{}}'])("%j is nothing that was registered", (text) => {
  const pod = { FLYTE_INTERNAL_EXECUTION_ID: "f1", EAGERDECK_PLATFORM: text };
  expect(refusal(() => Config.forEndpoint("e").resolve(pod))).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("EAGERDECK_PLATFORM"),
  });
});

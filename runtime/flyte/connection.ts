/**
 * Everything that is open to one cluster: one connection, one watcher per project and domain, what is known of entities.
 *
 * This is the module that brings protobuf and the transport: it is loaded with the first call on a cluster.
 * @module
 */
import type { Definition } from "../workflow/definition.ts";
import { editionOfFiles } from "../workflow/made.ts";
import { originOf } from "../workflow/thread/origin.ts";
import { type FlyteClient, openClient } from "./client.ts";
import { FlyteError } from "./errors.ts";
import { Launcher } from "./launch.ts";
import type { FlyteRemoteOptions } from "./options.ts";
import type { CellBundle } from "./register/cells.ts";
import { Stopper } from "./stop.ts";
import { openStore, type Store } from "./storage.ts";
import { Targets } from "./targets.ts";
import { Watcher } from "./watch.ts";

/** Where entities and executions are. */
export interface Place {
  readonly project: string;
  readonly domain: string;
}

export interface ConnectionOptions {
  readonly secret?: { readonly group: string; readonly key: string };
  /** What a person should know and no call is told. */
  readonly notice?: (text: string) => void;
}

export class Connection {
  readonly options: FlyteRemoteOptions;
  readonly client: FlyteClient;
  readonly targets: Targets;
  readonly launcher: Launcher;
  readonly stopper: Stopper;
  /** Says what no call is told. */
  readonly notice: (text: string) => void;
  readonly #watchers = new Map<string, Watcher>();
  readonly #stores = new Map<string, Store>();
  /** Versions by place and code: that of a cell, or a file in its edition. */
  readonly #registered = new Map<string, Promise<string>>();

  /** Reads the settings; the connection is made with the first request. @throws {FlyteError} `CONFIG_…` */
  constructor(remote: FlyteRemoteOptions, options: ConnectionOptions = {}) {
    this.options = remote;
    this.notice = options.notice ?? ((text) => console.warn(text));
    const platform = remote.config.resolve();
    for (const warning of platform.warnings) this.notice(warning);
    this.client = openClient(platform, { ...options, notice: this.notice });
    this.targets = new Targets(this.client);
    this.launcher = new Launcher(this.client, remote.launches?.atOnce, () => {
      this.#registered.clear();
      this.targets.forget();
    });
    this.stopper = new Stopper(this.client);
  }

  /** @throws {FlyteError} `CONFIG_INVALID` when nobody says which project or domain. */
  place(
    given: { readonly project?: string | undefined; readonly domain?: string | undefined } = {},
  ): Place {
    const { platform } = this.client;
    const { env } = process;
    const project =
      given.project ??
      this.options.defaultProject ??
      env["FLYTE_INTERNAL_EXECUTION_PROJECT"] ??
      platform.project;
    const domain =
      given.domain ??
      this.options.defaultDomain ??
      env["FLYTE_INTERNAL_EXECUTION_DOMAIN"] ??
      platform.domain;
    if (project !== undefined && domain !== undefined) return { project, domain };
    const missing = project === undefined ? "project" : "domain";
    const option = project === undefined ? "defaultProject" : "defaultDomain";
    throw new FlyteError(
      "CONFIG_INVALID",
      `nothing says in which ${missing} of ${platform.endpoint}: give new FlyteRemote({ ${option}: … }), or task.${missing} in ${platform.source}`,
    );
  }

  watcher(place: Place): Watcher {
    return kept(this.#watchers, place, () => new Watcher({ admin: this.client.admin, ...place }));
  }

  store(place: Place): Store {
    const { platform } = this.client;
    const rawOutputPrefix = process.env["EAGERDECK_RAW_OUTPUT_PREFIX"];
    return kept(this.#stores, place, () =>
      openStore({
        ...{ platform, client: this.client, ...place },
        ...(rawOutputPrefix !== undefined && { rawOutputPrefix }),
      }),
    );
  }

  /**
   * Registers the code of a definition, with all else in its file, unless it is there.
   * @returns the version; undefined without an image to run it in.
   * @throws {FlyteError} when it cannot be sent or is refused.
   */
  async registered(definition: Definition): Promise<string | undefined> {
    const image = this.options.image ?? this.client.platform.image;
    if (image === undefined) return undefined;
    const place = this.place();
    const origin = originOf(definition.fn);
    // What cells define has the names and values of the moment; a file is loaded once, in a session once more when it was
    // edited.
    const cells = origin?.startsWith("file:") ? undefined : await cellsOf(definition);
    // A fan-out of a thousand calls is one question.
    const code = cells?.bundle.sha256 ?? `${editionOfFiles()} ${origin}`;
    const key = `${place.project}\n${place.domain}\n${code}`;
    let version = this.#registered.get(key);
    if (version === undefined) {
      version = this.#register(definition, cells, { ...place, image });
      this.#registered.set(key, version);
      version.catch(() => this.#registered.delete(key));
    }
    return await version;
  }

  async #register(
    definition: Definition,
    cells: CellBundle | undefined,
    where: Place & { readonly image: string },
  ): Promise<string> {
    const { registerDefined } = await import("./register/register-file.ts");
    const { registerCells } = await import("./register/cells.ts");
    const options = { ...where, notice: this.notice };
    const registered = cells
      ? await registerCells(this.client, cells, options)
      : await registerDefined(this.client, definition, options);
    return registered.version;
  }

  close(): void {
    this.client.close();
  }
}

async function cellsOf(definition: Definition): Promise<CellBundle | undefined> {
  const { cellBundle } = await import("./register/cells.ts");
  return await cellBundle([definition]);
}

function kept<T>(known: Map<string, T>, { project, domain }: Place, make: () => T): T {
  const key = `${project}\n${domain}`;
  let value = known.get(key);
  if (value === undefined) {
    value = make();
    known.set(key, value);
  }
  return value;
}

/**
 * Web addresses, as people and signed answers of a cluster give them: read only.
 * @module
 */
import type { Backend } from "./backend.ts";
import { type HttpSource, readHttp, statHttp, type TlsSettings } from "./http.ts";
import { type HttpLocation, shownUri } from "./location.ts";

export function webFiles(tls: TlsSettings): Backend<HttpLocation> {
  return {
    stat: (at, signal) => statHttp(sourceOf(at), tls, signal),
    read: (at, range, signal) => readHttp(sourceOf(at), range, tls, signal),
  };
}

function sourceOf({ uri }: HttpLocation): HttpSource {
  return { shown: shownUri(uri), renewable: false, url: async () => uri };
}

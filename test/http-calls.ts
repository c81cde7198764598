/**
 * Counts the HTTP calls of this process, whoever makes them and over what: node:http and fetch announce every request to
 * diagnostics_channel. What is asked is told by method and path, with what differs from call to call left out of it.
 */
import { channel } from "node:diagnostics_channel";

export interface CallCount {
  /** "POST proxies", "GET connz" and how often. */
  byKind(): ReadonlyMap<string, number>;
  /** In the order in which they were made. */
  readonly all: readonly string[];
  /** How many of them were made by fetch. */
  readonly byFetch: number;
  stop(): void;
}

const ofHttp = "http.client.request.start";
const ofFetch = "undici:request:create";

interface Announced {
  readonly request: { readonly method: string; readonly path: string };
}

export function countCalls(): CallCount {
  const all: string[] = [];
  let byFetch = 0;
  const onRequest = (message: unknown, name: string | symbol): void => {
    const { method, path } = (message as Announced).request;
    all.push(kindOf(method, path));
    if (name === ofFetch) byFetch += 1;
  };
  const channels = [ofHttp, ofFetch].map(name => channel(name));
  for (const one of channels) one.subscribe(onRequest);
  return {
    all,
    get byFetch() {
      return byFetch;
    },
    byKind: () => {
      const counts = new Map<string, number>();
      for (const kind of all) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      return counts;
    },
    stop: () => {
      for (const one of channels) one.unsubscribe(onRequest);
    },
  };
}

const kindOf = (method: string, path: string): string =>
  `${method} ${path
    .replace(/\?.*/, "")
    .replace(/\/link-\d+/, "/*")
    .replace(/^\//, "")}`;

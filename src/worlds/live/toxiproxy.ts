/**
 * Toxiproxy as the live world uses it: one child with an API port of its own, and `Link`, the path from a client to a
 * server that can be cut, held, limited and emptied. What its faults really do was measured; the order of the calls follows that:
 * a cut deletes the proxy, and the next opening creates it anew on the same port; nothing is laid on top of a hold;
 * a hold is removed only while its connection lives. All chance is ours: toxicity 0 or 1, no jitter.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { type Backend, processBackend, type ServerProcess } from "./backend.ts";
import { ApiRefused, JsonApi } from "./json-api.ts";

export interface ToxiproxyOptions {
  readonly program: string;
  /** Where it runs; absent: as a child process. */
  readonly backend?: Backend;
  /** The API must answer with this version. */
  readonly version: string;
  readonly apiPort: number;
  /** Of the lease: a small file is written here. */
  readonly folder: string;
}

export interface LinkOpening {
  /** How a later cut ends the client's socket. */
  readonly closesWith: "fin" | "rst";
  /** Nothing comes down until `release("hold-downstream")`: a client that dials is kept waiting for the server's INFO. */
  readonly heldDownstream?: boolean;
  /** Dials are accepted and the server's INFO is dropped. Healed by a cut and an opening without it. */
  readonly silentHandshake?: boolean;
}

export type ToxicName =
  | "hold"
  | "limit"
  | "blackhole"
  | "hold-downstream"
  | "lose-downstream"
  | "choke-downstream"
  | "silent-handshake"
  | "closes-with-rst";

/** A toxic as the proxy lists it: the proof that a fault is installed. */
export interface ListedToxic {
  readonly name: ToxicName;
  readonly type: "latency" | "bandwidth" | "timeout" | "limit_data" | "reset_peer";
  readonly stream: "upstream" | "downstream";
  readonly toxicity: number;
  readonly attributes: Readonly<Record<string, number>>;
}

/** The path from clients to one server. Every call returns when its effect is in force on the connections there are. */
export interface Link {
  /** Where clients dial. */
  readonly port: number;
  readonly isOpen: boolean;
  open(opening: LinkOpening): Promise<void>;
  /** Ends every connection, drops what is held and refuses every dial. */
  cut(): Promise<void>;
  /** Keeps what comes from the client, in order. */
  hold(): Promise<void>;
  /** Lets exactly so many more bytes of each connection through to the server, then ends it; 0 ends it at the next byte. */
  limit(bytes: number): Promise<void>;
  /** Drops what comes from the client. Its release ends the connections. */
  blackhole(): Promise<void>;
  /** Keeps what comes from the server. */
  holdDownstream(): Promise<void>;
  /**
   * Ends each connection at the next message that comes from the server, an acknowledgement, of which nothing that means
   * anything gets through. Until the release a dial is ended at the server's INFO in the same way.
   */
  loseNextDownstream(): Promise<void>;
  /** Lets so much of what comes from the server through in a second; at 0 the server's own buffers fill: a slow consumer. */
  chokeDownstream(kilobytesPerSecond: number): Promise<void>;
  /** Ends the fault. After a hold, what was kept goes on its way. */
  release(name: ToxicName): Promise<void>;
  toxics(): Promise<readonly ListedToxic[]>;
  /** Whether the proxy runs and lists that toxic exactly as it was asked for: not another direction, amount or share of connections. */
  isInForce(name: ToxicName, amount?: number): Promise<boolean>;
  /** Whether the proxy itself knows of no such link. Unlike `isOpen` it is asked. */
  isGone(): Promise<boolean>;
}

interface ListedProxy {
  readonly enabled: boolean;
  readonly toxics: readonly ListedToxic[];
}

const startBoundMs = 10_000;
const pollMs = 2;
/** Longer than any run. */
const holdMs = 600_000;
/**
 * nats-server sends a client one PING of 6 bytes about 2 s after it has connected, to measure the round trip: that alone must not
 * set off what waits for an acknowledgement. Of anything else 7 bytes are no whole line.
 */
const lostAfterBytes = 7;

export class Toxiproxy {
  readonly #api: JsonApi;
  readonly #process: ServerProcess;

  private constructor(api: JsonApi, process: ServerProcess) {
    this.#api = api;
    this.#process = process;
  }

  /** Returns when the API of this very child answers. */
  static async start(options: ToxiproxyOptions): Promise<Toxiproxy> {
    const mark = `started-by-${process.pid}-on-${options.apiPort}-at-${Date.now()}`;
    let failure: string | undefined;
    const onLine = (line: string): void => {
      if (line.includes("Server finished with error")) failure = "its API cannot listen there.";
    };
    const { program, apiPort, folder, backend = processBackend } = options;
    const args = ["-host", "127.0.0.1", "-port", `${apiPort}`, "-config", writeMark(options, mark)];
    // Anything below an error is one line a call.
    const child = await backend.start(program, args, { folder, env: { LOG_LEVEL: "error" }, onLine });
    void child.exited.then(() => {
      failure ??= "it ended.";
    });
    const api = new JsonApi(apiPort);
    try {
      await untilAnswering(api, mark, () => failure);
      await checkVersion(api, options.version);
    } catch (error) {
      await child.end();
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error([`Toxiproxy did not start on port ${apiPort}: ${reason}`, ...child.tail()].join("\n"));
    }
    return new Toxiproxy(api, child);
  }

  /** A link that is not open yet. Both ports on 127.0.0.1. */
  link(port: number, serverPort: number): Link {
    return new ProxyLink(this.#api, port, serverPort);
  }

  async end(): Promise<void> {
    await this.#process.end();
  }
}

/**
 * A child that does not get its port logs an error and lives on, and calls then reach whoever has the port. So the child
 * is given a proxy (never enabled) with a name that nobody else knows, and only an API that lists it is believed.
 */
function writeMark(options: ToxiproxyOptions, mark: string): string {
  const file = join(options.folder, `toxiproxy-${options.apiPort}.json`);
  writeFileSync(file, JSON.stringify([{ name: mark, listen: "127.0.0.1:0", upstream: "127.0.0.1:1", enabled: false }]));
  return file;
}

async function untilAnswering(api: JsonApi, mark: string, failure: () => string | undefined): Promise<void> {
  for (const until = performance.now() + startBoundMs; performance.now() < until; await wait(pollMs)) {
    const reason = failure();
    if (reason !== undefined) throw new Error(reason);
    const proxies = await api.json("GET", "/proxies").catch(() => undefined);
    if (proxies === undefined) continue;
    if (mark in (proxies as Readonly<Record<string, ListedProxy>>)) return;
    throw new Error("another Toxiproxy answers there.");
  }
  throw new Error(`no answer within ${startBoundMs} ms.`);
}

async function checkVersion(api: JsonApi, version: string): Promise<void> {
  const { version: answered } = (await api.json("GET", "/version")) as { readonly version?: string };
  if (answered !== version) throw new Error(`it is version ${answered}, not ${version}.`);
}

class ProxyLink implements Link {
  readonly port: number;
  readonly #api: JsonApi;
  readonly #serverPort: number;
  #isOpen = false;
  /** What is laid on it and keeps what it is given. */
  #holding: ListedToxic[] = [];

  constructor(api: JsonApi, port: number, serverPort: number) {
    this.port = checkedPort(port);
    this.#api = api;
    this.#serverPort = checkedPort(serverPort);
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get #name(): string {
    return `link-${this.port}`;
  }

  get #path(): string {
    return `/proxies/${this.#name}`;
  }

  async open({ closesWith, heldDownstream = false, silentHandshake = false }: LinkOpening): Promise<void> {
    if (this.isOpen) throw new Error(`The link on port ${this.port} is open already.`);
    const listen = `127.0.0.1:${this.port}`;
    const upstream = `127.0.0.1:${this.#serverPort}`;
    const names: readonly ToxicName[] = [
      ...(closesWith === "rst" ? (["closes-with-rst"] as const) : []),
      ...(heldDownstream ? (["hold-downstream"] as const) : []),
      ...(silentHandshake ? (["silent-handshake"] as const) : []),
    ];
    const toxics = names.map(name => toxicOf(name));
    // Enabled last, so that the first connection finds the toxics there.
    const enabled = toxics.length === 0;
    await this.#api.text("POST", "/proxies", { name: this.#name, listen, upstream, enabled });
    try {
      for (const toxic of toxics) await this.#add(toxic);
      if (!enabled) await this.#api.text("POST", this.#path, { enabled: true, listen, upstream });
    } catch (error) {
      await this.#api.text("DELETE", this.#path);
      throw error;
    }
    this.#isOpen = true;
    this.#holding = toxics.filter(holds);
  }

  async cut(): Promise<void> {
    this.#mustBeOpen();
    await this.#api.text("DELETE", this.#path);
    this.#isOpen = false;
  }

  hold(): Promise<void> {
    return this.#install(toxicOf("hold"));
  }

  limit(bytes: number): Promise<void> {
    // The proxy would answer 200 to -1 as well.
    if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`A limit is a number of bytes, not ${bytes}.`);
    return this.#install(toxicOf("limit", bytes));
  }

  blackhole(): Promise<void> {
    return this.#install(toxicOf("blackhole"));
  }

  holdDownstream(): Promise<void> {
    return this.#install(toxicOf("hold-downstream"));
  }

  loseNextDownstream(): Promise<void> {
    return this.#install(toxicOf("lose-downstream"));
  }

  chokeDownstream(kilobytesPerSecond: number): Promise<void> {
    if (!Number.isSafeInteger(kilobytesPerSecond) || kilobytesPerSecond < 0)
      throw new RangeError(`A bandwidth is a number of kilobytes a second, not ${kilobytesPerSecond}.`);
    return this.#install(toxicOf("choke-downstream", kilobytesPerSecond));
  }

  async release(name: ToxicName): Promise<void> {
    this.#mustBeOpen();
    await this.#api.text("DELETE", `${this.#path}/toxics/${name}`);
    this.#holding = this.#holding.filter(one => one.name !== name);
  }

  async toxics(): Promise<readonly ListedToxic[]> {
    this.#mustBeOpen();
    return (await this.#api.json("GET", `${this.#path}/toxics`)) as readonly ListedToxic[];
  }

  async isInForce(name: ToxicName, amount = 0): Promise<boolean> {
    const proxy = await this.#listed();
    const toxic = proxy?.toxics.find(one => one.name === name);
    return toxic !== undefined && proxy?.enabled === true && isAsAsked(toxic, toxicOf(name, amount));
  }

  async isGone(): Promise<boolean> {
    return (await this.#listed()) === undefined;
  }

  /** This one alone: the list of all grows with the lanes. */
  async #listed(): Promise<ListedProxy | undefined> {
    try {
      return (await this.#api.json("GET", this.#path)) as ListedProxy;
    } catch (error) {
      if (error instanceof ApiRefused && error.status === 404) return undefined;
      throw error;
    }
  }

  async #install(toxic: ListedToxic): Promise<void> {
    this.#mustBeOpen();
    const holding = this.#holding.find(one => one.stream === toxic.stream);
    // What is held would slip past the newcomer.
    if (holding !== undefined)
      throw new Error(`"${toxic.name}" cannot be laid on "${holding.name}": release that first.`);
    await this.#add(toxic);
    if (holds(toxic)) this.#holding.push(toxic);
  }

  /** The proxy takes unknown attributes without a word and leaves the known ones at 0: its answer is compared. */
  async #add(toxic: ListedToxic): Promise<void> {
    const listed = (await this.#api.json("POST", `${this.#path}/toxics`, toxic)) as ListedToxic;
    if (!isAsAsked(listed, toxic))
      throw new Error(`Toxiproxy took "${toxic.name}" ${JSON.stringify(toxic)} for ${JSON.stringify(listed)}.`);
  }

  #mustBeOpen(): void {
    if (!this.isOpen) throw new Error(`The link on port ${this.port} is not open.`);
  }
}

/** `amount`: bytes of a limit, kilobytes a second of a choke. */
function toxicOf(name: ToxicName, amount = 0): ListedToxic {
  switch (name) {
    case "hold":
      return { name, type: "latency", stream: "upstream", toxicity: 1, attributes: { latency: holdMs, jitter: 0 } };
    case "hold-downstream":
      return { name, type: "latency", stream: "downstream", toxicity: 1, attributes: { latency: holdMs, jitter: 0 } };
    case "limit":
      return { name, type: "limit_data", stream: "upstream", toxicity: 1, attributes: { bytes: amount } };
    case "lose-downstream":
      return { name, type: "limit_data", stream: "downstream", toxicity: 1, attributes: { bytes: lostAfterBytes } };
    case "choke-downstream":
      return { name, type: "bandwidth", stream: "downstream", toxicity: 1, attributes: { rate: amount } };
    case "blackhole":
      return { name, type: "timeout", stream: "upstream", toxicity: 1, attributes: { timeout: 0 } };
    case "silent-handshake":
      return { name, type: "timeout", stream: "downstream", toxicity: 1, attributes: { timeout: 0 } };
    // Acts on nothing, but every connection opened while it is there lingers for no time: whatever closes it resets it.
    case "closes-with-rst":
      return { name, type: "reset_peer", stream: "downstream", toxicity: 0, attributes: { timeout: 0 } };
  }
}

/** Keeps what it is given. */
const holds = ({ type, attributes }: ListedToxic): boolean =>
  type === "latency" || (type === "bandwidth" && attributes.rate === 0);

function isAsAsked(listed: ListedToxic, { type, stream, toxicity, attributes }: ListedToxic): boolean {
  const same = Object.entries(attributes).every(([name, value]) => listed.attributes[name] === value);
  return same && listed.type === type && listed.stream === stream && listed.toxicity === toxicity;
}

function checkedPort(port: number): number {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`${port} is no port.`);
  return port;
}

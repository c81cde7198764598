/**
 * Toxiproxy as the live world uses it: one child with a private API port, and `Link`, the path from a client to a server. A link can be
 * cut, held, limited and emptied. The real effects of its faults were measured, and the order of the calls follows from them. A cut deletes
 * the proxy, and the next opening creates it anew on the same port. Nothing is laid on top of a hold, and a hold is removed only while its
 * connection lives. No chance is left to the proxy: toxicity 0 or 1, no jitter.
 *
 * Proxies and toxics are created, listed and removed through toxiproxy-node-client, over kept connections (proxy-api.ts). Facts that the
 * reply to a call has shown are not asked for again.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type {
  Toxiproxy as Client,
  Proxy as ProxyHandle,
  Toxic,
  ToxicDirection,
  ToxicType,
} from "toxiproxy-node-client";
import { ServerFailed } from "../../errors.ts";
import { LinkTaken } from "../driver/rig.ts";
import { type Backend, processBackend, type ServerProcess } from "./backend.ts";
import { ApiRefused } from "./json-api.ts";
import { proxyClient } from "./proxy-api.ts";
import { type CountsByTurn, countedIn } from "./proxy-metrics.ts";

export interface ToxiproxyOptions {
  readonly program: string;
  /** The place where it runs; absent: a child process. */
  readonly backend?: Backend;
  /** The API must answer with this version. */
  readonly version: string;
  readonly apiPort: number;
  /** The folder of the lease: a small file is written here. */
  readonly folder: string;
}

export interface LinkOpening {
  /** The way in which a later cut ends the client's socket. */
  readonly closesWith: "fin" | "rst";
  /** Nothing comes down until `release("hold-downstream")`: a client that dials waits for the server's INFO. */
  readonly heldDownstream?: boolean;
  /** Dials are accepted and the server's INFO is dropped. Healed by a cut and an opening without it. */
  readonly silentHandshake?: boolean;
  /** A port before the server's, through which the connections go; absent: they go straight to the server. */
  readonly through?: number;
  /** The openings of equal turns, from 0, are counted together. */
  readonly turn?: number;
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

type Attributes = Readonly<Record<string, number>>;

/** A toxic as the proxy lists it: the proof that a fault is installed. */
export interface ListedToxic {
  readonly name: ToxicName;
  readonly type: ToxicType;
  readonly stream: ToxicDirection;
  readonly toxicity: number;
  readonly attributes: Attributes;
}

/** The path from clients to one server. Every call returns when its effect is in force on the present connections. */
export interface LiveLink {
  /** The port that clients dial. */
  readonly port: number;
  readonly isOpen: boolean;
  /** @throws LinkTaken where the link exists, no matter who made it */
  open(opening: LinkOpening): Promise<void>;
  /** Ends every connection, drops what is held and refuses every dial. */
  cut(): Promise<void>;
  /** Keeps what the client sends, in order. */
  hold(): Promise<void>;
  /** Lets exactly this many more bytes of each connection through to the server, then ends it; 0 ends it at the next byte. */
  limit(bytes: number): Promise<void>;
  /** Drops what the client sends. Its release ends the connections. */
  blackhole(): Promise<void>;
  /** Keeps what the server sends. */
  holdDownstream(): Promise<void>;
  /**
   * Ends each connection at the next message from the server, an acknowledgement, before any meaningful part of it gets through. Until the
   * release it ends each dial at the server's INFO in the same way.
   */
  loseNextDownstream(): Promise<void>;
  /** Lets this much per second of what the server sends through. At 0 the server's own buffers fill: a slow consumer. */
  chokeDownstream(kilobytesPerSecond: number): Promise<void>;
  /** Ends the fault. After a hold, the kept bytes go on their way. */
  release(name: ToxicName): Promise<void>;
  toxics(): Promise<readonly ListedToxic[]>;
  /**
   * True where the proxy's reply to the call that laid that toxic showed it exactly as requested: in this direction, amount and share of
   * connections. A toxic that was released since no longer counts. Makes no call.
   */
  shows(name: ToxicName, amount?: number): boolean;
  /** True where the proxy, asked anew, runs and lists exactly what its replies have shown, these among it. */
  stillShows(...names: readonly ToxicName[]): Promise<boolean>;
  /** The counts by turn. A turn without an ended connection is not in them. */
  counted(): Promise<CountsByTurn>;
  /** Counts that no connection will change any more, until the link is opened again. */
  settled: CountsByTurn | undefined;
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
 * nats-server sends a client one PING of 6 bytes about 2 s after it has connected, to measure the round trip. That alone must not trigger a
 * toxic that waits for an acknowledgement. 7 bytes of anything else are no whole line.
 */
const lostAfterBytes = 7;

export class Toxiproxy {
  readonly #client: Client;
  readonly #process: ServerProcess;

  private constructor(client: Client, process: ServerProcess) {
    this.#client = client;
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
    const args = ["-host", "127.0.0.1", "-port", `${apiPort}`, "-config", writeMark(options, mark), "-proxy-metrics"];
    // The client library updates by POST, and each update logs a warning.
    const child = await backend.start(program, args, { folder, env: { LOG_LEVEL: "error" }, onLine });
    void child.exited.then(() => {
      failure ??= "it ended.";
    });
    const client = proxyClient(apiPort);
    try {
      await untilAnswering(client, mark, () => failure);
      await checkVersion(client, options.version);
    } catch (error) {
      await child.end();
      const reason = error instanceof Error ? error.message : String(error);
      throw new ServerFailed([`Toxiproxy did not start on port ${apiPort}: ${reason}`, ...child.tail()].join("\n"));
    }
    return new Toxiproxy(client, child);
  }

  /** A link that is not open yet. Both ports are on 127.0.0.1. */
  link(port: number, serverPort: number): LiveLink {
    return new ProxyLink(this.#client, port, serverPort);
  }

  async end(): Promise<void> {
    await this.#process.end();
  }
}

/**
 * A child that does not get its port logs an error and lives on, and calls then reach the owner of the port. So the child is given a proxy
 * (never enabled) with a secret name, and only an API that lists it is believed.
 */
function writeMark(options: ToxiproxyOptions, mark: string): string {
  const file = join(options.folder, `toxiproxy-${options.apiPort}.json`);
  writeFileSync(file, JSON.stringify([{ name: mark, listen: "127.0.0.1:0", upstream: "127.0.0.1:1", enabled: false }]));
  return file;
}

async function untilAnswering(client: Client, mark: string, failure: () => string | undefined): Promise<void> {
  for (const until = performance.now() + startBoundMs; performance.now() < until; await wait(pollMs)) {
    const reason = failure();
    if (reason !== undefined) throw new Error(reason);
    const proxies = await client.getAll().catch(() => undefined);
    if (proxies === undefined) continue;
    if (mark in proxies) return;
    throw new Error("another Toxiproxy answers there.");
  }
  throw new Error(`no answer within ${startBoundMs} ms.`);
}

async function checkVersion(client: Client, version: string): Promise<void> {
  const { version: answered } = JSON.parse(await client.getVersion()) as { readonly version?: string };
  if (answered !== version) throw new Error(`it is version ${answered}, not ${version}.`);
}

/** The client's handles while the link is open, as the replies have shown them. */
interface Opened {
  readonly proxy: ProxyHandle;
  readonly toxics: Map<ToxicName, Toxic<Attributes>>;
}

class ProxyLink implements LiveLink {
  readonly port: number;
  readonly #client: Client;
  readonly #serverPort: number;
  settled: CountsByTurn | undefined;
  #opened: Opened | undefined;

  /** A call that was not answered may have made a proxy all the same, as a check that was given up may have. */
  #mayBeLeft = true;
  #through: number | undefined;
  #turn = 0;
  /** Its names so far. */
  readonly #names: Set<string> = new Set();

  constructor(client: Client, port: number, serverPort: number) {
    this.port = checkedPort(port);
    this.#client = client;
    this.#serverPort = checkedPort(serverPort);
  }

  get isOpen(): boolean {
    return this.#opened !== undefined;
  }

  async open(opening: LinkOpening): Promise<void> {
    const { closesWith, heldDownstream = false, silentHandshake = false, through, turn = 0 } = opening;
    if (this.isOpen) throw new Error(`The link on port ${this.port} is open already.`);
    this.settled = undefined;
    this.#through = through;
    this.#turn = turn;
    this.#names.add(this.#name);
    const names: readonly ToxicName[] = [
      ...(closesWith === "rst" ? (["closes-with-rst"] as const) : []),
      ...(heldDownstream ? (["hold-downstream"] as const) : []),
      ...(silentHandshake ? (["silent-handshake"] as const) : []),
    ];
    // Enabled last, so that the first connection meets the toxics.
    const opened: Opened = { proxy: await this.#createAfresh(names.length === 0), toxics: new Map() };
    this.#mayBeLeft = true;
    try {
      for (const name of names) await this.#add(opened, toxicOf(name));
      if (names.length > 0) await this.#enable(opened.proxy);
    } catch (error) {
      await this.#remove(opened.proxy);
      throw error;
    }
    this.#mayBeLeft = false;
    this.#opened = opened;
  }

  /**
   * A link removes a proxy of its names that may be left of a call that failed, and makes it anew: at its first opening one that a check of
   * the self-test has left, too. Any other was opened by someone else.
   */
  async #createAfresh(enabled: boolean): Promise<ProxyHandle> {
    try {
      return await this.#create(enabled);
    } catch (error) {
      const isTaken = error instanceof LinkTaken;
      if (!isTaken) this.#mayBeLeft = true;
      if (!isTaken || !this.#mayBeLeft) throw error;
    }
    for (const name of this.#names) await this.#removeByName(name);
    return this.#create(enabled);
  }

  async #removeByName(name: string): Promise<void> {
    try {
      await this.#remove(await this.#client.get(name));
    } catch (error) {
      if (!isUnknown(error)) throw error;
    }
  }

  async cut(): Promise<void> {
    await this.#remove(this.#mustBeOpen().proxy);
    this.#opened = undefined;
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
    const { toxics } = this.#mustBeOpen();
    const toxic = toxics.get(name);
    if (toxic === undefined) throw new Error(`There is no "${name}" on the link on port ${this.port}.`);
    await toxic.remove();
    toxics.delete(name);
  }

  async toxics(): Promise<readonly ListedToxic[]> {
    this.#mustBeOpen();
    return (await this.#listed())?.toxics ?? [];
  }

  shows(name: ToxicName, amount = 0): boolean {
    const shown = this.#opened?.toxics.get(name);
    return shown !== undefined && isAsAsked(shown, toxicOf(name, amount));
  }

  async stillShows(...names: readonly ToxicName[]): Promise<boolean> {
    const shown = this.#opened?.toxics;
    const listed = await this.#listed();
    if (shown === undefined || listed === undefined) return false;
    const isListed = (one: Toxic<Attributes>): boolean =>
      listed.toxics.some(other => other.name === one.name && isAsAsked(other, one));
    const isAll = names.every(name => shown.has(name)) && listed.toxics.length === shown.size;
    return listed.enabled && isAll && [...shown.values()].every(isListed);
  }

  async counted(): Promise<CountsByTurn> {
    const text = await this.#client.getApi().getText(`${this.#client.host}/metrics`);
    return countedIn(text, this.#baseName);
  }

  get #baseName(): string {
    return `link-${this.port}`;
  }

  /** That of turn 0 has no number. */
  get #name(): string {
    return this.#turn === 0 ? this.#baseName : `${this.#baseName}-${this.#turn}`;
  }

  get #addresses(): { readonly listen: string; readonly upstream: string } {
    return { listen: `127.0.0.1:${this.port}`, upstream: `127.0.0.1:${this.#through ?? this.#serverPort}` };
  }

  async #create(enabled: boolean): Promise<ProxyHandle> {
    const body = { name: this.#name, ...this.#addresses, enabled };
    return this.#checked(await this.#listening(this.#client.createProxy(body)), enabled);
  }

  async #enable(proxy: ProxyHandle): Promise<void> {
    this.#checked(await this.#listening(proxy.update({ ...this.#addresses, enabled: true })), true);
  }

  /** Refused where a proxy of that name exists (409), or the port is taken (500). */
  async #listening(asked: Promise<ProxyHandle>): Promise<ProxyHandle> {
    try {
      return await asked;
    } catch (error) {
      const isTaken = error instanceof ApiRefused && (error.status === 409 || error.status === 500);
      throw isTaken ? new LinkTaken(`The link on port ${this.port} is there already. ${error.message}`) : error;
    }
  }

  #checked(proxy: ProxyHandle, enabled: boolean): ProxyHandle {
    const { listen, upstream } = this.#addresses;
    const isAsAsked = proxy.listen === listen && proxy.upstream === upstream && proxy.enabled === enabled;
    if (!isAsAsked)
      throw new Error(`Toxiproxy took ${this.#name}, enabled: ${enabled}, for ${JSON.stringify(proxy.toJson())}.`);
    return proxy;
  }

  /** A proxy that is gone is gone, no matter who removed it. */
  async #remove(proxy: ProxyHandle): Promise<void> {
    try {
      await proxy.remove();
    } catch (error) {
      if (!isUnknown(error)) throw error;
    }
  }

  /**
   * The library's proxies lack the toxics that a reply lists. It asks about this proxy alone, since the list of all grows with the lanes.
   */
  async #listed(): Promise<ListedProxy | undefined> {
    try {
      const { data } = await this.#client.getApi().get<ListedProxy>(`${this.#client.host}/proxies/${this.#name}`);
      return data;
    } catch (error) {
      if (isUnknown(error)) return undefined;
      throw error;
    }
  }

  async #install(toxic: ListedToxic): Promise<void> {
    const opened = this.#mustBeOpen();
    const holding = [...opened.toxics.values()].find(one => one.stream === toxic.stream && holds(one));
    // The held bytes would slip past the newcomer.
    if (holding !== undefined)
      throw new Error(`"${toxic.name}" cannot be laid on "${holding.name}": release that first.`);
    await this.#add(opened, toxic);
  }

  /** The proxy silently accepts unknown attributes and leaves the known ones at 0, so its answer is compared. */
  async #add({ proxy, toxics }: Opened, toxic: ListedToxic): Promise<void> {
    const shown = await proxy.addToxic<Attributes>(toxic);
    if (!isAsAsked(shown, toxic))
      throw new Error(`Toxiproxy took "${toxic.name}" ${JSON.stringify(toxic)} for ${JSON.stringify(shown.toJson())}.`);
    toxics.set(toxic.name, shown);
  }

  #mustBeOpen(): Opened {
    if (this.#opened === undefined) throw new Error(`The link on port ${this.port} is not open.`);
    return this.#opened;
  }
}

const isUnknown = (error: unknown): boolean => error instanceof ApiRefused && error.status === 404;

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
    // Acts on no bytes, but every connection opened while it is there has a linger time of 0: closing it resets it.
    case "closes-with-rst":
      return { name, type: "reset_peer", stream: "downstream", toxicity: 0, attributes: { timeout: 0 } };
  }
}

type Effect = Omit<ListedToxic, "name">;

/** True where the toxic keeps the bytes that it is given. */
const holds = ({ type, attributes }: Effect): boolean =>
  type === "latency" || (type === "bandwidth" && attributes.rate === 0);

function isAsAsked(listed: Effect, { type, stream, toxicity, attributes }: Effect): boolean {
  const same = Object.entries(attributes).every(([name, value]) => listed.attributes[name] === value);
  return same && listed.type === type && listed.stream === stream && listed.toxicity === toxicity;
}

function checkedPort(port: number): number {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`${port} is no port.`);
  return port;
}

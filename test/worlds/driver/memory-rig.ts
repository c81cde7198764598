/**
 * A rig in memory: a client that keeps what it publishes while it is down (as nats.go does), a link, a server that passes messages on
 * to observers. Everything takes place at once, and time is a number. It shows that the driver needs nothing but its rig.
 */
import type { Content, HeaderBytes } from "../../../models/vocabulary/event.ts";
import type { BusEvent, Command, PublishCall, Reply, ReplyTo } from "../../../src/bus-protocol/protocol.ts";
import type {
  Arrived,
  ArrivedRun,
  Carried,
  Clock,
  Conversation,
  Hindrance,
  Link,
  Observer,
  Opening,
  Process,
  RefusedDials,
  Rig,
  Server,
} from "../../../src/worlds/driver/rig.ts";

const linkPorts = [1, 3, 4];
const serverPort = 2;

type Seen = Omit<ArrivedRun, "count"> & { count: number };

/** What the parts of one rig share. */
class World {
  nowMs = 0;
  readonly laid = new Map<Hindrance, number>();
  isOpen = false;
  /** The ports that are cut off alone, and the one that the client is connected to. */
  readonly cutOff = new Set<number>();
  at = 1;
  isRunning = true;
  isHalted = false;
  /** Upstream, in the link or in a halted server. */
  kept: number[] = [];
  readonly seen: Seen[] = [];
  /** By message. */
  readonly contents: Content[] = [];
  client: MemoryClient | undefined;
  closedAtMs = 0;
  /** Dials refused in the outage under way; undefined: dials are let through. */
  refused: number | undefined;
  lastRefused = 0;
  /** Flushes that wait for their round trip. */
  private waiting: ((reply: Reply) => void)[] = [];

  /** The answer to a flush of a connected client, which waits while nothing gets through. */
  roundTrip(): Promise<Reply> {
    if (!this.laid.has("hold") && !this.isHalted) return Promise.resolve({ outcome: { is: "ok" } });
    return new Promise(resolve => this.waiting.push(resolve));
  }

  answer(reply: Reply): void {
    for (const resolve of this.waiting.splice(0)) resolve(reply);
  }

  send(messages: readonly number[]): void {
    if (this.laid.has("hold") || this.isHalted) this.kept.push(...messages);
    else if (!this.laid.has("blackhole")) this.arrive(messages);
  }

  arrive(messages: readonly number[]): void {
    for (const message of messages) {
      const last = this.seen.at(-1);
      const { subject = "", bytes = 0 } = this.contents[message] ?? {};
      const goesOn = last?.subject === subject && last.bytes === bytes && last.first + last.count === message;
      if (last !== undefined && goesOn) last.count += 1;
      else this.seen.push({ first: message, count: 1, subject, bytes });
    }
  }

  release(): void {
    this.arrive(this.kept.splice(0));
    this.answer({ outcome: { is: "ok" } });
  }
}

/** What a client may do wrong. */
export interface Habits {
  /** It dials no other server than the one that it has lost. */
  readonly staysWithItsServer?: boolean;
  /** What the link says that each opening carried. */
  readonly carries?: readonly Carried[];
  /** Takes every command that it is asked, in order. */
  readonly asked?: string[];
  /** It drops what it was given while it was down. */
  readonly forgetsPending?: boolean;
  /** It refuses to keep more messages than this while it is down. */
  readonly keepsMax?: number;
  /** The headers that it adds, as the first observer sees them, and as the second does. */
  readonly headerBytes?: HeaderBytes;
  readonly headerBytesSeenSecond?: HeaderBytes;
  /** What it makes of a message before it sends it. */
  readonly alters?: (content: Content, message: number) => Content;
  /** It loses its connection and makes another, so often, on a link that is well, once it has been cut off. */
  readonly flapsEveryMs?: number;
  /** It reports that it has closed from elsewhere, after the answer to the call that closed it. */
  readonly saysClosedLater?: boolean;
  /** It has closed by the end of an outage of so many dials. */
  readonly givesUpAfter?: number;
  /** Dials that it has made before the heal is asked to let one through. */
  readonly dialsMeanwhile?: number;
  /** The time for which there is no dial in an outage. */
  readonly silentMs?: number;
  /** The server's word for the end of a connection. */
  readonly endsAs?: (cid: number) => string;
  /** The connections, by their ids, that the server has of it this long after it has closed; its only one before that is 1. */
  readonly openAfterClose?: (sinceMs: number, isLinkOpen: boolean) => readonly number[];
}

class MemoryClient implements Conversation {
  readonly #world: World;
  readonly #habits: Habits;
  readonly #events: BusEvent[] = [];
  /** What it is about to say. */
  #later: BusEvent[] = [];
  #case = 0;
  name: string | undefined;
  state: "none" | "connected" | "down" | "dialled" | "closed" = "none";
  #pending: number[] = [];
  #wasDown = false;

  constructor(world: World, habits: Habits) {
    this.#world = world;
    this.#habits = habits;
  }

  call<Asked extends Command>(command: Asked): Promise<ReplyTo<Asked>> {
    this.#habits.asked?.push(command.do);
    // It waits for an answer, and loses the connection over that.
    if (command.do === "flush" && this.#habits.flapsEveryMs !== undefined && this.#wasDown)
      this.#become("down", "disconnected");
    if (command.do === "flush" && this.state === "connected") return this.#world.roundTrip() as Promise<ReplyTo<Asked>>;
    return Promise.resolve(this.#answer(command) as ReplyTo<Asked>);
  }

  #answer(command: Command): Reply {
    switch (command.do) {
      case "start":
        this.#case = command.case;
        this.name = command.name;
        this.#become("connected", "connected");
        return { outcome: { is: "ok" } };
      case "publish":
        return this.#publish(command);
      case "flush":
        return this.state === "connected"
          ? { outcome: { is: "ok" } }
          : { outcome: { is: "failed", kind: this.state === "closed" ? "closed" : "timeout" } };
      case "status":
        return { connected: this.state === "connected", closed: this.state === "closed" };
      case "close":
        this.#world.closedAtMs = this.#world.nowMs;
        this.#pending = [];
        this.#become("closed", this.state === "connected" ? "disconnected" : undefined);
        this.#say("closed");
        return { outcome: { is: "ok" } };
      case "together":
        return { replies: command.calls.map(call => this.#answer(call) as ReplyTo<PublishCall>) };
      case "end":
        this.state = "none";
        return { outcome: { is: "ok" } };
      default:
        throw new Error(`the client in memory knows no ${command.do}`);
    }
  }

  #publish({ first, count, subject, bytes }: PublishCall): Reply {
    if (this.state === "closed") return { outcomes: [{ count, outcome: { is: "rejected", kind: "closed" } }] };
    const messages = Array.from({ length: count }, (_, i) => first + i);
    const { alters = (content: Content): Content => content } = this.#habits;
    for (const message of messages) this.#world.contents[message] = alters({ subject, bytes }, message);
    if (this.state === "connected") this.#world.send(messages);
    else return this.#keep(messages);
    return { outcomes: [{ count, outcome: { is: "accepted" } }] };
  }

  #keep(messages: readonly number[]): Reply {
    const { keepsMax = Number.POSITIVE_INFINITY } = this.#habits;
    const kept = messages.slice(0, Math.max(0, keepsMax - this.#pending.length));
    this.#pending.push(...kept);
    const told = [
      { count: kept.length, outcome: { is: "accepted" } },
      { count: messages.length - kept.length, outcome: { is: "rejected", kind: "buffer-full" } },
    ] as const;
    return { outcomes: told.filter(({ count }) => count > 0) };
  }

  /** The link has ended its connection. */
  lose(): void {
    this.#world.answer({ outcome: { is: "failed", kind: "disconnected" } });
    if (this.state === "connected") this.#become("down", "disconnected");
    else if (this.state === "dialled") this.state = "down";
  }

  /** As nats.go: it goes on, dials anew, or closes for good. */
  hear(text: string): "kept" | "reconnects" | "closes" {
    if (/^(Authorization|Permissions) /.test(text)) return "kept";
    this.lose();
    if (text === "Stale Connection") {
      this.dial(false);
      return "reconnects";
    }
    this.#become("closed", undefined);
    this.#say("closed");
    return "closes";
  }

  /** Time goes on. */
  pass(nowMs: number, isWell: boolean): void {
    const { flapsEveryMs } = this.#habits;
    if (flapsEveryMs === undefined || !isWell || !this.#wasDown || nowMs % flapsEveryMs !== 0) return;
    if (this.state === "connected") this.#become("down", "disconnected");
    else this.dial(false);
  }

  giveUp(): void {
    if (this.state !== "down") return;
    this.#become("closed", undefined);
    this.#say("closed");
  }

  /** The link lets a dial through. */
  dial(isHeld: boolean): void {
    if (this.state !== "down" && this.state !== "dialled") return;
    if (isHeld) {
      this.state = "dialled";
      return;
    }
    this.#become("connected", "reconnected");
    const pending = this.#pending.splice(0);
    if (this.#habits.forgetsPending !== true) this.#world.send(pending);
  }

  #become(state: "connected" | "down" | "closed", change: "connected" | "disconnected" | "reconnected" | undefined) {
    this.state = state;
    if (state === "down") this.#wasDown = true;
    if (change !== undefined) this.#say(change);
  }

  #say(change: "connected" | "disconnected" | "reconnected" | "closed"): void {
    const isLater = change === "closed" && this.#habits.saysClosedLater === true;
    (isLater ? this.#later : this.#events).push({ event: "connection", case: this.#case, change });
  }

  mayEnd(): void {}

  mark(): number {
    return this.#events.length;
  }

  markAt(): number {
    return this.#events.length;
  }

  eventsSince(mark: number): readonly BusEvent[] {
    return this.#events.slice(mark);
  }

  waitFor(fits: (event: BusEvent) => boolean, mark: number): Promise<boolean> {
    this.#events.push(...this.#later.splice(0));
    return Promise.resolve(this.eventsSince(mark).some(fits));
  }
}

const clockOf = (world: World): Clock => ({
  nowMs: () => world.nowMs,
  wait: async ms => {
    world.nowMs += ms;
    world.client?.pass(world.nowMs, world.isOpen && world.laid.size === 0 && world.isRunning && !world.isHalted);
  },
  isDoneWithin: async () => true,
});

const refusedOf = (count: number, { silentMs = 0 }: Habits): RefusedDials => ({ count, longestGapMs: silentMs });

/** Its dials are refused at once, so a client with fewer attempts has given up by then. */
function giveUpAfter(world: World, { givesUpAfter }: Habits): void {
  if (givesUpAfter !== undefined && (world.refused ?? 0) >= givesUpAfter) world.client?.giveUp();
}

/** The client loses its server, and goes on to the next one that is open. */
function hop(world: World, { staysWithItsServer = false }: Habits): void {
  world.client?.lose();
  const from = linkPorts.indexOf(world.at);
  const round = staysWithItsServer ? [world.at] : linkPorts.map((_, i) => linkPorts[(from + i + 1) % linkPorts.length]);
  const next = round.find(port => port !== undefined && !world.cutOff.has(port));
  if (next === undefined) return;
  world.at = next;
  world.client?.dial(false);
}

const linkOf = (world: World, habits: Habits): Link => ({
  ports: linkPorts,
  get isOpen() {
    return world.isOpen && world.cutOff.size < linkPorts.length;
  },
  isOpenAt: port => world.isOpen && !world.cutOff.has(port),
  async cutAt(port) {
    world.cutOff.add(port);
    hop(world, habits);
  },
  async endAt() {
    hop(world, habits);
  },
  async openRest() {
    world.cutOff.clear();
    world.client?.dial(false);
  },
  async open({ closesWith, heldDownstream = false }: Opening) {
    world.isOpen = true;
    world.cutOff.clear();
    if (closesWith === "rst") world.laid.set("closes-with-rst", 0);
    if (heldDownstream) world.laid.set("hold-downstream", 0);
    world.client?.dial(heldDownstream);
  },
  async cut() {
    world.isOpen = false;
    world.laid.clear();
    world.kept = [];
    world.client?.lose();
  },
  async refuseDials() {
    world.refused = habits.dialsMeanwhile ?? 0;
    world.client?.lose();
    giveUpAfter(world, habits);
  },
  refusedDials: () => (world.refused === undefined ? undefined : refusedOf(world.refused, habits)),
  async acceptDials(after) {
    if (world.refused === undefined) return refusedOf(world.lastRefused, habits);
    if (after > 0) world.refused = Math.max(after, world.refused + 1);
    giveUpAfter(world, habits);
    world.lastRefused = world.refused;
    world.refused = undefined;
    world.client?.dial(world.laid.has("hold-downstream"));
    return refusedOf(world.lastRefused, habits);
  },
  async lay(hindrance, amount = 0) {
    world.laid.set(hindrance, amount);
  },
  async lift(hindrance) {
    world.laid.delete(hindrance);
    if (hindrance === "hold") world.release();
    if (hindrance === "hold-downstream") world.client?.dial(false);
  },
  async say(name, text, closes) {
    if (world.client?.state !== "connected" || world.client.name !== name) return 0;
    if (world.client.hear(text) === "kept" && closes) {
      world.client.lose();
      world.client.dial(false);
    }
    return 1;
  },
  shows: (hindrance, amount = 0) => world.laid.get(hindrance) === amount,
  stillShows: async (...hindrances) => world.isOpen && hindrances.every(one => world.laid.has(one)),
  carried: async () => ({ openings: habits.carries ?? [] }),
});

const serverOf = (world: World, habits: Habits): Server => ({
  port: serverPort,
  get isRunning() {
    return world.isRunning;
  },
  get isHalted() {
    return world.isHalted;
  },
  async connections() {
    if (world.client?.state === "connected") return [{ cid: 1, name: world.client.name }];
    if (world.client?.state === "closed")
      return (habits.openAfterClose ?? (() => []))(world.nowMs - world.closedAtMs, world.isOpen).map(cid => ({
        cid,
        name: world.client?.name,
      }));
    return world.client?.state === "dialled" ? [{ cid: 2, name: undefined }] : [];
  },
  endOf: async cid => habits.endsAs?.(cid) ?? "Client Closed",
  state: async () => ({ hasJetStream: true, requiresCredentials: false }),
  loggedAbout: () => [],
  async stop() {
    world.isRunning = false;
    world.client?.lose();
  },
  async restart() {
    world.isRunning = true;
  },
  async pause() {
    world.isHalted = true;
  },
  async resume() {
    world.isHalted = false;
    world.release();
  },
});

/** No streams, and no process but the shared one: a bare client's cases. */
export function memoryRig(habits: Habits = {}): Rig {
  const world = new World();
  const client = new MemoryClient(world, habits);
  world.client = client;
  const shared: Process = {
    client,
    exited: new Promise(() => {}),
    unclaimed: undefined,
    memory: () => undefined,
    signal: () => {},
    isDialling: () => false,
    isConnectedTo: port => client.state === "connected" && world.at === port,
    dialsAreOver: () => {},
  };
  const { headerBytes, headerBytesSeenSecond = headerBytes } = habits;
  const seenWith = (bytes: HeaderBytes | undefined): Arrived => ({
    runs: world.seen.map(run => ({ ...run })),
    foreign: 0,
    ...(bytes && { headerBytes: bytes }),
  });
  const observer: Observer = {
    flush: async () => {},
    arrived: () => seenWith(headerBytes),
    second: () => seenWith(headerBytesSeenSecond),
    counts: async () => {
      const read = world.seen.reduce((sum, { count }) => sum + count, 0);
      return { read, sent: read };
    },
  };
  const none = async (): Promise<never> => {
    throw new Error("the rig in memory has no streams");
  };
  return {
    clock: clockOf(world),
    link: linkOf(world, habits),
    server: serverOf(world, habits),
    streams: {
      create: none,
      bind: none,
      names: none,
      held: none,
      heldByNumber: none,
      removals: none,
      consumer: none,
    },
    processes: {
      shared,
      spawn: none,
      release: async () => {
        await client.call({ do: "end" });
      },
      retire: () => {},
    },
    observe: async () => observer,
    close: async () => {},
  };
}

/**
 * Random scenarios as a fast-check Arbitrary of our own: `generate` draws one seed word and expands it, `shrink` yields our
 * reductions. Scenarios are made of episodes, each a fault with messages under way, so that every fault can take effect; swarm:
 * each scenario keeps a random few of the kinds of episode and weights them wildly.
 */
import fc from "fast-check";
import { frameBytes } from "../../models/vocabulary/frame.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import {
  type CallStep,
  type Capability,
  type Fault,
  type HealAwait,
  type Options,
  type Scenario,
  type Step,
  serverErrorTexts,
} from "../../models/vocabulary/scenario.ts";
import { DrawStream, type Random } from "./random.ts";
import { reductions } from "./reductions.ts";

export interface ScenarioSpace {
  readonly profile: Profile;
  /** The capabilities of world and bus: only scenarios within them are made. */
  readonly capabilities: ReadonlySet<Capability>;
  /** The most episodes of one scenario. */
  readonly episodesMax?: number;
}

class ScenarioArbitrary extends fc.Arbitrary<Scenario> {
  readonly maker: Maker;
  constructor(space: ScenarioSpace) {
    super();
    this.maker = new Maker(space);
  }
  override generate(mrng: fc.Random): fc.Value<Scenario> {
    const word = mrng.nextInt(-0x80000000, 0x7fffffff) >>> 0;
    return new fc.Value(ofWord(word.toString(36), this.maker), undefined);
  }
  override canShrinkWithoutContext(value: unknown): value is Scenario {
    return typeof value === "object" && value !== null && "steps" in value && "options" in value;
  }
  override shrink(value: Scenario): fc.Stream<fc.Value<Scenario>> {
    return fc.stream(values(value));
  }
}

function* values(scenario: Scenario): IterableIterator<fc.Value<Scenario>> {
  for (const smaller of reductions(scenario)) yield new fc.Value(smaller, undefined);
}

/** Scenarios for one profile, seeded by fast-check and shrunk by us. */
export const scenarios = (space: ScenarioSpace): fc.Arbitrary<Scenario> => new ScenarioArbitrary(space);

/** A kind of episode: what it needs, and the steps it adds. */
interface Episode {
  readonly name: string;
  readonly needs: readonly Capability[];
  /** Only with the client's own PINGs on, only without, or either. */
  readonly pings?: boolean;
  /** A proxy that resets would drop what is on its way to the server, too. */
  readonly finOnly?: true;
  /** The client has a last attempt; what does not await its giving up would race with it. */
  readonly givesUp?: true;
  add(draft: ScenarioDraft): void;
}

/** The scenario being made. */
interface ScenarioDraft {
  readonly random: Random;
  readonly profile: Profile;
  readonly options: Options;
  readonly steps: Step[];
}

/** Ids are made once and then handed out again: a text costs more to make than all else about a step. */
function idsOf(kind: string): (draft: ScenarioDraft) => string {
  const ids: string[] = [];
  return ({ steps: { length } }) => {
    while (ids.length <= length) ids.push(`${kind}-${ids.length}`);
    return ids[length] as string;
  };
}
const publishId = idsOf("publish");
const flushId = idsOf("flush");
const healId = idsOf("heal");
const idsByKind = new Map<string, (draft: ScenarioDraft) => string>();
function id(draft: ScenarioDraft, kind: string): string {
  const known = idsByKind.get(kind);
  if (known !== undefined) return known(draft);
  const made = idsOf(kind);
  idsByKind.set(kind, made);
  return made(draft);
}
const payloads = [8, 16, 16, 16, 100, 1_000] as const;

const countOf = ({ random }: ScenarioDraft, most: number): number =>
  random.chance(0.3) ? random.int(1, 3) : random.int(1, most);
function publish(draft: ScenarioDraft, most = 60): void {
  const count = countOf(draft, most);
  draft.steps.push({ id: publishId(draft), kind: "publish", count, bytes: draft.random.pick(payloads) });
}
function publishOverlapping(draft: ScenarioDraft, most: number): void {
  const count = countOf(draft, most);
  const bytes = draft.random.pick(payloads);
  draft.steps.push({ id: publishId(draft), kind: "publish", count, bytes, overlap: true });
}
const flush = (draft: ScenarioDraft, timeoutMs = 5_000): void =>
  void draft.steps.push({ id: flushId(draft), kind: "flush", timeoutMs });
const fault = (draft: ScenarioDraft, one: Fault): void =>
  void draft.steps.push({ id: id(draft, one.kind), kind: "fault", fault: one });
const heal = (draft: ScenarioDraft, awaits: HealAwait = "connected"): void =>
  void draft.steps.push({ id: healId(draft), kind: "heal", awaits });

/** Publishes, and a flush half of the time, so that what is under way at the fault varies. */
function before(draft: ScenarioDraft): void {
  if (draft.random.chance(0.7)) publish(draft);
  if (draft.random.chance(0.5)) flush(draft);
}

/** Publishes while down; a flush now and then, since a PING may be kept like a publish. */
function whileDown(draft: ScenarioDraft): void {
  const { random } = draft;
  for (let left = random.int(1, 3); left > 0; left--) publish(draft);
  // A PING may be kept like a publish, and shows at the limit only.
  if (random.chance(draft.options.reconnectBufferBytesMax === undefined ? 0.1 : 0.3)) {
    flush(draft, 60);
    publish(draft);
  }
}

const episodes: readonly Episode[] = [
  {
    name: "published while down",
    needs: ["cut"],
    pings: false,
    add(draft) {
      before(draft);
      fault(draft, { kind: "cut", awaits: "noticed" });
      whileDown(draft);
      heal(draft);
    },
  },
  {
    name: "burst and cut",
    needs: ["cut"],
    pings: false,
    add(draft) {
      const { random } = draft;
      if (random.chance(0.5)) before(draft);
      publishOverlapping(draft, random.chance(0.3) ? 4_000 : 300);
      fault(draft, { kind: "cut", awaits: random.chance(0.7) ? "noticed" : "none" });
      if (random.chance(0.5)) publish(draft);
      heal(draft);
    },
  },
  {
    name: "un-awaited",
    needs: ["cut"],
    pings: false,
    add(draft) {
      const { random } = draft;
      before(draft);
      fault(draft, { kind: "cut", awaits: random.chance(0.5) ? "none" : "noticed" });
      publish(draft);
      if (random.chance(0.2)) flush(draft, 60);
      heal(draft, "none");
      if (random.chance(0.7)) publish(draft);
      if (random.chance(0.2)) flush(draft, 2_000);
      heal(draft);
    },
  },
  {
    name: "held, then cut",
    needs: ["hold", "cut"],
    pings: false,
    add(draft) {
      before(draft);
      fault(draft, { kind: "hold" });
      publish(draft);
      if (draft.random.chance(0.15)) flush(draft, 40);
      fault(draft, { kind: "cut", awaits: "noticed" });
      if (draft.random.chance(0.5)) publish(draft);
      heal(draft);
    },
  },
  {
    name: "held, then released",
    needs: ["hold"],
    pings: false,
    add(draft) {
      before(draft);
      fault(draft, { kind: "hold" });
      publish(draft);
      heal(draft);
    },
  },
  { name: "cut at a byte", needs: ["limit"], pings: false, finOnly: true, add: cutAtByte },
  {
    name: "published during the handshake",
    needs: ["cut", "handshake"],
    pings: false,
    add(draft) {
      before(draft);
      fault(draft, { kind: "cut", awaits: "noticed" });
      if (draft.random.chance(0.5)) publish(draft);
      heal(draft, "handshake");
      publishOverlapping(draft, 60);
      heal(draft);
    },
  },
  {
    name: "blackhole, removed before it was noticed",
    needs: ["blackhole"],
    pings: false,
    add(draft) {
      if (draft.random.chance(0.5)) flush(draft);
      fault(draft, { kind: "blackhole" });
      publish(draft);
      heal(draft);
    },
  },
  {
    name: "blackhole, noticed",
    needs: ["blackhole", "stale-detection"],
    pings: true,
    add(draft) {
      if (draft.random.chance(0.5)) flush(draft);
      fault(draft, { kind: "blackhole" });
      publish(draft);
      draft.steps.push({ id: id(draft, "await"), kind: "await-noticed" });
      if (draft.random.chance(0.7)) publish(draft);
      heal(draft);
    },
  },
  {
    name: "server paused, noticed",
    needs: ["pause-server", "stale-detection"],
    pings: true,
    finOnly: true,
    add(draft) {
      if (draft.random.chance(0.5)) flush(draft);
      fault(draft, { kind: "pause-server" });
      publish(draft);
      draft.steps.push({ id: id(draft, "await"), kind: "await-noticed" });
      heal(draft);
    },
  },
  {
    name: "server stopped and restarted",
    needs: ["stop-server"],
    pings: false,
    add(draft) {
      before(draft);
      fault(draft, { kind: "stop-server", signal: draft.random.pick(["TERM", "KILL"]), awaits: "noticed" });
      whileDown(draft);
      heal(draft);
    },
  },
];

/** The client's attempts are spent; afterwards it is closed for good. */
const givingUp: Episode = {
  name: "gave up",
  needs: ["cut", "reconnect-attempts-limit"],
  pings: false,
  givesUp: true,
  add(draft) {
    before(draft);
    fault(draft, { kind: "cut", awaits: "gave-up" });
    publish(draft);
  },
};

/** A byte anchor at a frame's end, or one byte to either side of it, within the publishes that follow. */
function cutAtByte(draft: ScenarioDraft): void {
  const { random, profile, options } = draft;
  flush(draft);
  const bytes = random.pick(payloads);
  const count = random.int(1, 60);
  const frame = frameBytes(options.subject, bytes, profile);
  const anchor = Math.max(1, random.int(0, count) * frame + random.int(-1, 1));
  fault(draft, { kind: "limit", bytes: Math.min(anchor, count * frame) });
  draft.steps.push({ id: publishId(draft), kind: "publish", count, bytes });
  if (random.chance(0.5)) publish(draft);
  heal(draft);
}

/** Closes behind a link that keeps what was sent, which then lets it go. */
function closeBehindAHold(draft: ScenarioDraft): void {
  before(draft);
  fault(draft, { kind: "hold" });
  publish(draft);
  draft.steps.push({ id: id(draft, "close"), kind: "close" });
  heal(draft);
}

/** The application ends the connection, up or down; after it a publish is refused. */
function shutdown(draft: ScenarioDraft, capabilities: ReadonlySet<Capability>): void {
  const { random } = draft;
  const mayHold = capabilities.has("hold") && capabilities.has("close") && draft.options.cutsWith === "fin";
  if (mayHold && random.chance(0.15)) {
    closeBehindAHold(draft);
    return;
  }
  const down = capabilities.has("cut") && random.chance(0.5);
  if (down) {
    if (random.chance(0.5)) before(draft);
    fault(draft, { kind: "cut", awaits: "noticed" });
    publish(draft);
  }
  const canClose = down || draft.options.cutsWith === "fin";
  const ends = (["close", "drain"] as const).filter(one => capabilities.has(one) && (one === "drain" || canClose));
  if (ends.length === 0) return;
  const kind = random.pick(ends);
  if (capabilities.has("together") && random.chance(0.5)) {
    const burst: CallStep = {
      id: id(draft, "burst"),
      kind: "publish",
      count: random.int(1, 1_000),
      bytes: random.pick(payloads),
    };
    draft.steps.push({
      id: id(draft, "together"),
      kind: "together",
      steps: [burst, { id: `${id(draft, kind)}-within`, kind }],
    });
  } else {
    publish(draft);
    draft.steps.push({ id: id(draft, kind), kind });
  }
  if (random.chance(0.3)) publish(draft, 3);
  if (down) heal(draft);
}

/** The share of scenarios that begin with a server error. */
const errorChance = 1 / 16;

/**
 * The server says an error on a connection that is flushed. It comes first, and uses separate draws: the rest of a scenario is what its
 * seed made before this fault existed. Returns true where the client goes on.
 */
function serverError(draft: ScenarioDraft): boolean {
  const { random, profile } = draft;
  const text = random.pick(serverErrorTexts);
  publish(draft);
  flush(draft);
  fault(draft, { kind: "server-error", text, closes: random.chance(0.5) });
  publish(draft);
  return profile.serverError[text] !== "closes";
}

/** The weights by which one kept kind of episode may outweigh another. */
const weights = [1, 1, 2, 6] as const;

/** Makes the scenarios of one space; what the space alone decides is worked out once. */
class Maker {
  readonly space: ScenarioSpace;
  private readonly mayPing: boolean;
  private readonly mayGiveUp: boolean;
  private readonly mayLimit: boolean;
  private readonly mayReset: boolean;
  private readonly maySay: boolean;
  /** Episodes that fit the options, by what of these they depend on. */
  private readonly fitting: (readonly Episode[])[] = [];
  /** The weight of each possible episode in the scenario being made. */
  private readonly weightOf = new Uint8Array(episodes.length);

  constructor(space: ScenarioSpace) {
    const { profile, capabilities } = space;
    this.space = space;
    this.mayPing = capabilities.has("stale-detection");
    this.mayGiveUp = capabilities.has("reconnect-attempts-limit");
    this.mayLimit = capabilities.has("reconnect-buffer-limit") && profile.reconnectBuffer.kind === "kept";
    this.mayReset = capabilities.has("cut-with-rst");
    this.maySay = capabilities.has("server-error");
  }

  /** `said`: the draws for what a server says. */
  make(word: string, random: Random, said: Random): Scenario {
    const options = this.options(random);
    const pings = options.pingIntervalMs !== undefined;
    const givesUp = options.reconnectAttemptsMax >= 0;
    const draft: ScenarioDraft = {
      random,
      profile: this.space.profile,
      options,
      steps: [{ id: "start", kind: "start" }],
    };
    const isCalm = !pings && !givesUp && options.cutsWith === "fin";
    const isOver = this.maySay && isCalm && said.chance(errorChance) && !serverError({ ...draft, random: said });
    if (!isOver) this.addEpisodes(draft, pings, givesUp);
    return {
      version: 1,
      id: `random/${word}`,
      why: `made from the seed word ${word}`,
      requires: [],
      options,
      steps: draft.steps,
      mustHappen: [],
      expect: {},
    };
  }

  private addEpisodes(draft: ScenarioDraft, pings: boolean, givesUp: boolean): void {
    const { random, options } = draft;
    const possible = this.episodes(pings, givesUp, options.cutsWith);
    const total = this.swarm(possible, random);
    const episodesMax = givesUp ? 1 : (this.space.episodesMax ?? 4);
    for (let left = random.int(1, episodesMax); left > 0 && total > 0; left--)
      this.pick(possible, random.int(1, total)).add(draft);
    if (random.chance(0.35) && !pings && !givesUp) shutdown(draft, this.space.capabilities);
    else if (random.chance(0.5)) publish(draft);
  }

  /** Keeps a random few of the episodes, each as often as it weighs; all of them if chance keeps none. Returns their total weight. */
  private swarm(possible: readonly Episode[], random: Random): number {
    return this.weigh(possible, random, false) || this.weigh(possible, random, true);
  }

  private weigh(possible: readonly Episode[], random: Random, keepsAll: boolean): number {
    let total = 0;
    for (let i = 0; i < possible.length; i++) {
      const weight = keepsAll || random.chance(0.6) ? random.pick(weights) : 0;
      this.weightOf[i] = weight;
      total += weight;
    }
    return total;
  }

  /** The episode at `place` of all that they weigh, from 1. */
  private pick(possible: readonly Episode[], place: number): Episode {
    let i = 0;
    for (let left = place - (this.weightOf[0] as number); left > 0; left -= this.weightOf[i] as number) i++;
    return possible[i] as Episode;
  }

  private options(random: Random): Options {
    const pings = this.mayPing && random.chance(0.15);
    const givesUp = this.mayGiveUp && !pings && random.chance(0.04);
    const limited = this.mayLimit && random.chance(0.35);
    const options: { -readonly [Name in keyof Options]: Options[Name] } = {
      subject: "subject",
      reconnectWaitMs: 20,
      reconnectAttemptsMax: givesUp ? random.int(1, 3) : -1,
      cutsWith: this.mayReset && random.chance(0.2) ? "rst" : "fin",
    };
    if (limited) options.reconnectBufferBytesMax = random.pick([-1, 0, 1, 34, 100, 1_024, random.int(1, 4_000)]);
    if (pings) {
      options.pingIntervalMs = 150;
      options.pingsOutMax = 2;
    }
    return options;
  }

  private episodes(pings: boolean, givesUp: boolean, cutsWith: Options["cutsWith"]): readonly Episode[] {
    const index = (pings ? 1 : 0) + (givesUp ? 2 : 0) + (cutsWith === "rst" ? 4 : 0);
    this.fitting[index] ??= (givesUp ? [givingUp] : episodes).filter(
      one =>
        one.needs.every(need => this.space.capabilities.has(need)) &&
        (one.pings === undefined || one.pings === pings) &&
        !(one.finOnly && cutsWith === "rst"),
    );
    return this.fitting[index];
  }
}

/** The scenarios of one seed, by index: `random/<seed>-<index>`, whichever order they are asked for in. */
export function scenariosOf(seed: string, space: ScenarioSpace): (index: number) => Scenario {
  const maker = new Maker(space);
  const stream = new DrawStream(seed, "scenario");
  const said = new DrawStream(seed, "server-error");
  return index => maker.make(`${seed}-${index}`, stream.at(index), said.at(index));
}

/** The scenario of one seed word: a pure function of the word and the space. `<seed>-<index>` is the seed's scenario of that index. */
export const scenarioOf = (word: string, space: ScenarioSpace): Scenario => ofWord(word, new Maker(space));

function ofWord(word: string, maker: Maker): Scenario {
  const [, seed = word, index = "-1"] = /^(.*)-(0|[1-9]\d{0,14})$/s.exec(word) ?? [];
  const at = Number(index);
  return maker.make(word, new DrawStream(seed, "scenario").at(at), new DrawStream(seed, "server-error").at(at));
}

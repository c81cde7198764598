/**
 * Random scenarios of a bare client, expanded from a seed word. Scenarios are made of episodes, each a fault with messages under way, so
 * that every fault can take effect; swarm: each scenario keeps a random few of the kinds of episode and weights them wildly.
 */
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Capability, Options, Scenario, Step } from "../../models/vocabulary/scenario.ts";
import { atOnceChance, shareAtOnce } from "./at-once.ts";
import { countedOptions, countedOutages, countedShare } from "./attempts.ts";
import { publish, type ScenarioDraft } from "./draft.ts";
import { shutdown } from "./endings.ts";
import { type Episode, episodes, givingUp } from "./episodes.ts";
import { pendingCall, pendingChance } from "./pending-calls.ts";
import { loseServers, poolChance } from "./pools.ts";
import { DrawStream, type Random } from "./random.ts";
import { errorChance, serverError } from "./server-errors.ts";

export interface ScenarioSpace {
  readonly profile: Profile;
  /** The capabilities of world and bus: only scenarios within them are made. */
  readonly capabilities: ReadonlySet<Capability>;
  /** The most episodes of one scenario. */
  readonly episodesMax?: number;
}

/** The weights by which one kept kind of episode may outweigh another. */
const weights = [1, 1, 2, 6] as const;

/** Draws of one index. */
type DrawsAt = (index: number) => Random;

/**
 * Draws of separate streams: the rest of a scenario is what its seed made before there was such a thing. Most scenarios never ask for them.
 */
interface DrawsApart {
  /** The draws for a server's error, or a pool of servers. */
  readonly said: DrawsAt;
  /** The draws for outages that are counted in dials. */
  readonly counted: DrawsAt;
  /** The draws for a call that is pending over a fault. */
  readonly pending: DrawsAt;
  /** The draws for several publishers at once. */
  readonly shared: DrawsAt;
}

/** The draws apart of one seed. Each stream is opened when it is first asked for. */
function drawsApart(seed: string): DrawsApart {
  const streamOf = (name: string): DrawsAt => {
    let stream: DrawStream | undefined;
    return index => {
      stream ??= new DrawStream(seed, name);
      return stream.at(index);
    };
  };
  return {
    said: streamOf("server-error"),
    counted: streamOf("attempts"),
    pending: streamOf("pending-call"),
    shared: streamOf("publishers"),
  };
}

/** One scenario's place among those of its seed, and what is drawn for it. */
interface Draws {
  readonly index: number;
  readonly random: Random;
  readonly apart: DrawsApart;
}

/** Makes the scenarios of one space; what the space alone decides is worked out once. */
class Maker {
  readonly space: ScenarioSpace;
  private readonly mayPing: boolean;
  private readonly mayGiveUp: boolean;
  private readonly mayLimit: boolean;
  private readonly mayReset: boolean;
  private readonly maySay: boolean;
  private readonly mayCount: boolean;
  private readonly mayShare: boolean;
  private readonly mayHop: boolean;
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
    this.mayCount = this.mayGiveUp && capabilities.has("cut") && capabilities.has("count-dials");
    this.mayShare = capabilities.has("publishers");
    this.mayHop = capabilities.has("cut-server");
  }

  make(word: string, { index, random, apart }: Draws): Scenario {
    const drawn = this.options(random);
    const pings = drawn.pingIntervalMs !== undefined;
    const givesUp = drawn.reconnectAttemptsMax >= 0;
    const counted = givesUp && this.mayCount ? apart.counted(index) : undefined;
    const isCounted = counted?.chance(countedShare) === true;
    const isCalm = !pings && !givesUp && drawn.cutsWith === "fin";
    const said = isCalm && this.maySay ? apart.said(index) : undefined;
    const steps: Step[] = [{ id: "start", kind: "start" }];
    const plain: ScenarioDraft = { random, profile: this.space.profile, options: drawn, steps };
    const isRefused = said !== undefined && endsWithError(plain, said);
    const options = isCounted ? countedOptions(counted, drawn) : this.pooled(drawn, isRefused ? undefined : said);
    const draft: ScenarioDraft = options === drawn ? plain : { ...plain, options };
    if (said !== undefined && options.servers !== undefined) loseServers({ ...draft, random: said });
    const isOver = isRefused || (isCalm && endsWithCall(draft, apart.pending(index), this.space.capabilities));
    if (isCounted) countedOutages({ ...draft, random: counted });
    else if (!isOver) this.addEpisodes(draft, pings, givesUp);
    if (this.mayShare) shareSome(draft, apart.shared(index));
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

  /** `random`: draws on which a pool may be drawn. */
  private pooled(options: Options, random: Random | undefined): Options {
    if (random === undefined || !this.mayHop || !random.chance(poolChance)) return options;
    return { ...options, servers: random.int(2, 3) };
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

function shareSome(draft: ScenarioDraft, random: Random): void {
  if (random.chance(atOnceChance)) shareAtOnce({ ...draft, random });
}

/** True where the scenario began with a drain, so that nothing can follow. */
const endsWithCall = (draft: ScenarioDraft, random: Random, capabilities: ReadonlySet<Capability>): boolean =>
  random.chance(pendingChance) && !pendingCall({ ...draft, random }, capabilities);

/** True where the scenario began with an error that closes the client, so that nothing can follow. */
const endsWithError = (draft: ScenarioDraft, said: Random): boolean =>
  said.chance(errorChance) && !serverError({ ...draft, random: said });

/** The scenarios of one seed, by index: `random/<seed>-<index>`, whichever order they are asked for in. */
export function scenariosOf(seed: string, space: ScenarioSpace): (index: number) => Scenario {
  const maker = new Maker(space);
  const stream = new DrawStream(seed, "scenario");
  const apart = drawsApart(seed);
  return index => maker.make(`${seed}-${index}`, { index, random: stream.at(index), apart });
}

/** The scenario of one seed word: a pure function of the word and the space. `<seed>-<index>` is the seed's scenario of that index. */
export const scenarioOf = (word: string, space: ScenarioSpace): Scenario => scenariosByWord(space)(word);

/** The same for many words of one space. */
export function scenariosByWord(space: ScenarioSpace): (word: string) => Scenario {
  const maker = new Maker(space);
  return word => {
    const [, seed = word, at = "-1"] = /^(.*)-(0|[1-9]\d{0,14})$/s.exec(word) ?? [];
    const index = Number(at);
    return maker.make(word, { index, random: new DrawStream(seed, "scenario").at(index), apart: drawsApart(seed) });
  };
}

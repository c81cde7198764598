/**
 * The journal of a run on live servers: the result of each case, on disk before the next one begins. A run that ends early, however it
 * ends, can later go on from there (`--resume`). It never decides what a case means, but returns what was judged.
 *
 * journal.jsonl in the run's folder only grows, a line of JSON at a time:
 * 1. `header`, first and once: what the run is. Written with the file, which appears complete with it.
 * 2. `opened`, each time the run was begun or resumed: which process writes.
 * 3. `world`, once for each bus: the parts on which the cases ran.
 * 4. `case`, as each ends. A violated one has its events and the oracle's explanation of them, so that it can be shrunk later.
 * 5. `found`, once a violated case has been run again, and perhaps shrunk.
 * 6. `complete`, last of those of one process: nothing is left to do. A process that resumes such a run may still record cases, since its
 *    lanes begin some before they learn that the run has ended.
 *
 * A line is with the system at once, where it survives a kill, and on disk (fsync) when the call that wrote it returns. That takes some
 * milliseconds, in which other lanes go on. At worst a torn last line is left: it is cut off, and the cases that it and the other lanes
 * were running are run again. Any other deviation from this order is refused, with its line number.
 */
import { closeSync, fsync, fsyncSync, ftruncateSync, lstatSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { hashText } from "../../models/choice.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { BadInput, exitCodes, FaultlineError, UsageError } from "../errors.ts";
import { checkShape, jsonBounds, parseJson } from "../files/json.ts";
import { createAnew, openPlainToAppend, readPlainFile } from "../files/no-links.ts";
import { checkScenario } from "../files/scenario-schema.ts";
import { rateSchema } from "../judge/rate.ts";
import type { CaseRun } from "../judge/run.ts";
import { count, events, judgement, text } from "../judge/shapes.ts";
import { jsonText } from "../text/clean.ts";
import { isAlive, type Owner, ownerHere } from "../worlds/live/leases.ts";
import { sayUnwritten } from "./unwritten.ts";

export const journalName = "journal.jsonl";
/** Room for some 50,000 cases. */
export const journalBytesMax = 134_217_728;
const formatVersion = 2;

/** The identity of the run, the same for every process that goes on with it. */
export type Header = Readonly<z.output<typeof headerSchema>>;

/** The parts that the cases of one bus run on. */
export type WorldFacts = Readonly<z.output<typeof factsSchema>>;

export interface Journal {
  /** The number of cases recorded before this process opened it. */
  readonly recordedBefore: number;
  /** The total time that these took. */
  readonly spentMs: number;
  /** The journal takes no more cases: the run ends here. */
  readonly isFull: boolean;
  /** Called before the first case of the bus. @throws BadInput where the cases so far ran on something else. */
  world(bus: string, facts: WorldFacts): void;
  /** True where `once` has recorded it. */
  has(bus: string, scenario: Scenario): boolean;
  /** Returns the case as recorded, or runs and records it. A recorded case has its events if it was violated. */
  once(bus: string, scenario: Scenario, run: () => Promise<CaseRun>): Promise<CaseRun>;
  onceFound(bus: string, scenario: Scenario, find: () => Promise<FoundRated>): Promise<FoundRated>;
  onceShrunk(bus: string, scenario: Scenario, find: () => Promise<FoundShrunk>): Promise<FoundShrunk>;
  /** Nothing is left to do. */
  complete(): void;
  /** Stops all writing, whatever is still under way. */
  close(): void;
}

export const digestOfJson = (data: unknown): string => hashText(JSON.stringify(data)).toString(16).padStart(8, "0");

// ---- The lines ----

const option = z.union([text, z.number(), z.boolean(), z.null(), z.array(text).readonly()]);
const headerSchema = z.strictObject({
  tool: text,
  command: text,
  seed: text,
  /** The options as the user gave them; absent is null. */
  options: z.record(text, option).readonly(),
  /** A digest of everything that the cases are made from besides the seed: files of scenarios, the policy. */
  source: text,
});
const factsSchema = z.strictObject({
  profile: text,
  client: text,
  natsServer: text,
  toxiproxy: text,
  capabilities: z.array(text).readonly(),
});
const rated = z.strictObject({ reproduced: rateSchema });
const shrunk = z.strictObject({
  scenario: z.custom<Scenario>(one => typeof one === "object" && one !== null, "must be a scenario"),
  events,
  judgement,
  broken: text,
  reproduced: rateSchema,
  steady: z.boolean(),
  foundAs: text,
  shrinkRuns: count,
});
/** The finding about a violated case once it was run again. */
export type FoundRated = z.output<typeof rated>;
/** The finding where the case was shrunk, too; `broken` is the word of src/findings/broke.ts. */
export type FoundShrunk = z.output<typeof shrunk>;

const lineSchema = z.discriminatedUnion("kind", [
  headerSchema.extend({ kind: z.literal("header"), format: z.literal(formatVersion) }),
  z.strictObject({ kind: z.literal("opened"), pid: count, start: text, at: text }),
  factsSchema.extend({ kind: z.literal("world"), bus: text }),
  z.strictObject({
    kind: z.literal("case"),
    bus: text,
    scenario: text,
    source: text,
    ms: z.number().min(0),
    judgement,
    events: events.optional(),
  }),
  z.strictObject({
    kind: z.literal("found"),
    bus: text,
    scenario: text,
    found: z.union([rated, shrunk]),
  }),
  z.strictObject({ kind: z.literal("complete"), cases: count }),
]);
type Line = z.output<typeof lineSchema>;
/** A line as it is written; reading fills in the defaults. */
type Written = z.input<typeof lineSchema>;
type Of<Kind extends Line["kind"]> = Extract<Line, { kind: Kind }>;

// ---- Reading ----

interface Recorded {
  readonly header: Of<"header">;
  readonly owner: Owner | undefined;
  readonly worlds: ReadonlyMap<string, Of<"world">>;
  readonly cases: ReadonlyMap<string, Of<"case">>;
  readonly found: ReadonlyMap<string, Of<"found">>;
  readonly isComplete: boolean;
  /** The length of the intact part; the rest is torn. */
  readonly bytes: number;
}

const keyOf = (bus: string, scenario: string): string => `${scenario} on ${bus}`;
const anew = "Run the command without --resume to begin anew";

/** @throws BadInput with file, line, reason and what to do. */
export function readJournal(folder: string): Recorded {
  const file = join(folder, journalName);
  const size = lstatSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new BadInput(folder, "", `holds no ${journalName}, so nothing was recorded. ${anew}.`);
  // Findings about the last case may lie beyond the bound for cases.
  if (size > journalBytesMax + 2 * jsonBounds.fileBytesMax)
    throw new BadInput(file, "", `is larger than any journal. ${anew}.`);
  const bytes = readPlainFile(file);
  const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
  const lines = whole.toString("utf8").split("\n").slice(0, -1);
  const worlds = new Map<string, Of<"world">>();
  const cases = new Map<string, Of<"case">>();
  const found = new Map<string, Of<"found">>();
  let header: Of<"header"> | undefined;
  let owner: Owner | undefined;
  let isComplete = false;
  for (const [i, written] of lines.entries()) {
    const place = `${file}:${i + 1}`;
    const refuse = (reason: string): never => {
      throw new BadInput(place, "", `${reason}. ${anew}.`);
    };
    const addNew = <T>(map: Map<string, T>, key: string, line: T): void => {
      if (map.has(key)) refuse(`tells of ${key} a second time`);
      map.set(key, line);
    };
    const line = readLine(written, place);
    if ((i === 0) !== (line.kind === "header"))
      refuse(i === 0 ? "is not the header of a journal" : "is a second header");
    if (isComplete && line.kind !== "opened") refuse("follows the line that says that the run is complete");
    switch (line.kind) {
      case "header":
        header = line;
        break;
      case "opened":
        owner = line;
        isComplete = false;
        break;
      case "world":
        addNew(worlds, line.bus, line);
        break;
      case "case":
        if (line.judgement.verdict === "violated" && line.events === undefined)
          refuse(`lacks the events of ${line.scenario}, which is violated`);
        addNew(cases, keyOf(line.bus, line.scenario), line);
        break;
      case "found":
        addNew(found, keyOf(line.bus, line.scenario), line);
        break;
      case "complete":
        if (line.cases !== cases.size) refuse(`counts ${line.cases} cases where there are ${cases.size}`);
        isComplete = true;
        break;
    }
  }
  if (header === undefined) throw new BadInput(`${file}:1`, "", `is not the header of a journal. ${anew}.`);
  return { header, owner, worlds, cases, found, isComplete, bytes: whole.length };
}

function readLine(written: string, place: string): Line {
  try {
    const data = parseJson(written, place);
    return withScenario(checkShape(lineSchema, data, place, [], "a line of a journal"), place);
  } catch (error) {
    if (error instanceof BadInput) throw new FaultlineError(`${error.message}. ${anew}.`, exitCodes.badInput);
    throw error;
  }
}

/** The scenario of a finding is shown and replayed, so it must be one. @throws BadInput */
function withScenario(line: Line, place: string): Line {
  if (line.kind !== "found" || !("scenario" in line.found)) return line;
  const scenario = checkScenario(line.found.scenario, place, ["found", "scenario"]);
  return { ...line, found: { ...line.found, scenario } };
}

// ---- Opening ----

/** A new journal in a new folder. */
export function createJournal(folder: string, header: Header): Journal {
  const file = join(folder, journalName);
  const partial = `${file}.partial`;
  const fd = createAnew(partial);
  try {
    append(fd, partial, { kind: "header", format: formatVersion, ...header });
    fsyncSync(fd);
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  return openJournal(folder, readJournal(folder));
}

/** The journal of a run that has ended early. @throws BadInput, UsageError */
export function resumeJournal(folder: string, header: Header): Journal {
  const recorded = readJournal(folder);
  checkSame(recorded.header, header, folder);
  const { owner } = recorded;
  if (owner !== undefined && isAlive(owner))
    throw new UsageError(`--resume ${folder}: that run still goes on, as process ${owner.pid}.`);
  return openJournal(folder, recorded);
}

function checkSame(recorded: Header, asked: Header, folder: string): void {
  const file = join(folder, journalName);
  if (recorded.tool !== asked.tool) {
    const reason = `was written by faultline ${recorded.tool}, and this is ${asked.tool}`;
    throw new BadInput(file, "", `${reason}: use that version, or run the command without --resume to begin anew.`);
  }
  const differ = differences(
    { command: recorded.command, seed: recorded.seed, ...recorded.options },
    { command: asked.command, seed: asked.seed, ...asked.options },
  );
  if (differ !== "")
    throw new UsageError(
      `--resume ${folder}: that run was asked for something else: ${differ}. Give the options that it had.`,
    );
  if (recorded.source !== asked.source)
    throw new BadInput(file, "", `its cases were made from other scenarios or another policy than are here. ${anew}.`);
}

function openJournal(folder: string, recorded: Recorded): Journal {
  const file = join(folder, journalName);
  const { worlds, cases, found } = recorded;
  const fd = openPlainToAppend(file);
  ftruncateSync(fd, recorded.bytes);
  let bytes = recorded.bytes;
  let casesNow = cases.size;
  let isOpen = true;
  let hasViolated = [...cases.values()].some(({ judgement }) => judgement.verdict === "violated");
  /** A violation that was found is worth more than its record: from then on a journal that cannot be written ends no run. */
  const unlessFound = (error: unknown): void => {
    if (!hasViolated || !(error instanceof Unwritable)) throw error;
    isOpen = false;
    sayUnwritten(file, `${error.reason}; the run goes on, and no more of it is recorded`);
  };
  const write = (line: Written): void => {
    if (!isOpen) return;
    // Only the last line may be torn.
    isOpen = false;
    const written = append(fd, file, line);
    isOpen = true;
    bytes += written;
    if (line.kind === "case" && written > 0) casesNow += 1;
  };
  const onDisk = async (): Promise<void> => {
    if (isOpen) await fsyncLater(fd).catch(error => unwritable(file, error));
  };
  const record = async (line: Written): Promise<void> => {
    try {
      write(line);
      await onDisk();
    } catch (error) {
      unlessFound(error);
    }
  };
  const writeFound = async (bus: string, { id }: Scenario, made: FoundRated | FoundShrunk): Promise<void> => {
    await record({ kind: "found", bus, scenario: id, found: made });
  };
  write({ kind: "opened", ...ownerHere(), at: new Date().toISOString() });
  return {
    recordedBefore: cases.size,
    spentMs: [...cases.values()].reduce((sum, { ms }) => sum + ms, 0),
    get isFull() {
      return bytes >= journalBytesMax;
    },
    world(bus, facts) {
      const line: Of<"world"> = { kind: "world", bus, ...facts, capabilities: facts.capabilities.toSorted() };
      const known = worlds.get(bus);
      const differ = known === undefined ? "" : differences(known, line);
      if (known === undefined) write(line);
      else if (differ !== "")
        throw new BadInput(file, "", `the cases of ${bus} ran on something else: ${differ}. ${anew}.`);
    },
    has: (bus, scenario) => cases.has(keyOf(bus, scenario.id)),
    async once(bus, scenario, run) {
      const source = digestOfJson(scenario);
      const known = cases.get(keyOf(bus, scenario.id));
      if (known !== undefined) {
        if (known.source !== source)
          throw new BadInput(file, "", `${scenario.id} is another scenario now than it was. ${anew}.`);
        return { events: known.events ?? [], judgement: known.judgement };
      }
      const began = performance.now();
      const { events, judgement } = await run();
      const ms = Math.round(performance.now() - began);
      hasViolated ||= judgement.verdict === "violated";
      await record({ kind: "case", bus, scenario: scenario.id, source, ms, ...recordOf({ events, judgement }) });
      return { events, judgement };
    },
    async onceFound(bus, scenario, find) {
      const known = found.get(keyOf(bus, scenario.id));
      if (known !== undefined) return known.found;
      const made = await find();
      await writeFound(bus, scenario, made);
      return made;
    },
    async onceShrunk(bus, scenario, find) {
      const known = found.get(keyOf(bus, scenario.id));
      if (known !== undefined) {
        if ("steady" in known.found) return known.found;
        throw new BadInput(file, "", `what was found of ${scenario.id} on ${bus} was not shrunk. ${anew}.`);
      }
      const made = await find();
      await writeFound(bus, scenario, made);
      return made;
    },
    complete() {
      if (!isOpen) return;
      try {
        write({ kind: "complete", cases: casesNow });
        fsyncSync(fd);
      } catch (error) {
        unlessFound(error instanceof Unwritable ? error : new Unwritable(file, error));
      }
    },
    close() {
      isOpen = false;
    },
  };
}

/** The recorded part of a case: all of a violated one, and of others what the report counts. */
function recordOf({ events, judgement }: CaseRun): Pick<Extract<Written, { kind: "case" }>, "judgement" | "events"> {
  if (judgement.verdict === "violated") return { judgement, events };
  const { ended: _ended, answers: _answers, ...counted } = judgement;
  return { judgement: counted };
}

type Fields = Readonly<Record<string, unknown>>;

/** The differences in words; empty where there are none. */
const differences = (was: Fields, is: Fields): string =>
  [...new Set([...Object.keys(was), ...Object.keys(is)])]
    .filter(name => JSON.stringify(was[name] ?? null) !== JSON.stringify(is[name] ?? null))
    .map(name => `${name} ${changeOf(was[name], is[name])}`)
    .join("; ");

/** Lists are long, so only their change is said. */
function changeOf(was: unknown, is: unknown): string {
  if (!Array.isArray(was) || !Array.isArray(is))
    return `was ${JSON.stringify(was ?? null)} and is ${JSON.stringify(is ?? null)}`;
  const gone = was.filter(one => !is.includes(one));
  const added = is.filter(one => !was.includes(one));
  const said = [
    ...(gone.length > 0 ? [`no longer has ${gone}`] : []),
    ...(added.length > 0 ? [`has ${added} now`] : []),
  ];
  return said.length > 0 ? said.join(" and ") : "is in another order";
}

/** Returns the number of bytes written. A line that could not be read again is not written: its case is run again. */
function append(fd: number, file: string, line: object): number {
  const written = Buffer.from(`${jsonText(line)}\n`);
  if (written.length > jsonBounds.fileBytesMax) return 0;
  try {
    for (let done = 0; done < written.length; ) done += writeSync(fd, written, done);
  } catch (error) {
    unwritable(file, error);
  }
  return written.length;
}

const fsyncLater = promisify(fsync);

/** The machine refuses a line of the journal. */
class Unwritable extends FaultlineError {
  readonly reason: string;

  constructor(file: string, error: unknown) {
    const reason = (error as Error).message;
    const advice = "What it holds is kept; --resume goes on from there.";
    super(`${file} cannot be written: ${reason}. ${advice}`, exitCodes.unavailable);
    this.reason = reason;
  }
}

function unwritable(file: string, error: unknown): never {
  throw new Unwritable(file, error);
}

/**
 * The scenario of a bare client while it is made: its chance, its options, and the steps so far, with a function for each kind of step
 * that adds one. Read by what a scenario is made of: episodes, endings and the server's errors.
 */
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Fault, HealAwait, Options, Step } from "../../models/vocabulary/scenario.ts";
import type { Random } from "./random.ts";

/** The scenario being made. */
export interface ScenarioDraft {
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
export const publishId = idsOf("publish");
const flushId = idsOf("flush");
const healId = idsOf("heal");
const idsByKind = new Map<string, (draft: ScenarioDraft) => string>();
export function id(draft: ScenarioDraft, kind: string): string {
  const known = idsByKind.get(kind);
  if (known !== undefined) return known(draft);
  const made = idsOf(kind);
  idsByKind.set(kind, made);
  return made(draft);
}
export const payloads = [8, 16, 16, 16, 100, 1_000] as const;

const countOf = ({ random }: ScenarioDraft, most: number): number =>
  random.chance(0.3) ? random.int(1, 3) : random.int(1, most);
export function publish(draft: ScenarioDraft, most = 60): void {
  const count = countOf(draft, most);
  draft.steps.push({ id: publishId(draft), kind: "publish", count, bytes: draft.random.pick(payloads) });
}
export function publishOverlapping(draft: ScenarioDraft, most: number): void {
  const count = countOf(draft, most);
  const bytes = draft.random.pick(payloads);
  draft.steps.push({ id: publishId(draft), kind: "publish", count, bytes, overlap: true });
}
export const flush = (draft: ScenarioDraft, timeoutMs = 5_000): void =>
  void draft.steps.push({ id: flushId(draft), kind: "flush", timeoutMs });
export const fault = (draft: ScenarioDraft, one: Fault): void =>
  void draft.steps.push({ id: id(draft, one.kind), kind: "fault", fault: one });
export const heal = (draft: ScenarioDraft, awaits: HealAwait = "connected"): void =>
  void draft.steps.push({ id: healId(draft), kind: "heal", awaits });

/** Publishes, and a flush half of the time, so that what is under way at the fault varies. */
export function before(draft: ScenarioDraft): void {
  if (draft.random.chance(0.7)) publish(draft);
  if (draft.random.chance(0.5)) flush(draft);
}

/** Publishes while down; a flush now and then, since a PING may be kept like a publish. */
export function whileDown(draft: ScenarioDraft): void {
  const { random } = draft;
  for (let left = random.int(1, 3); left > 0; left--) publish(draft);
  // A PING may be kept like a publish, and shows at the limit only.
  if (random.chance(draft.options.reconnectBufferBytesMax === undefined ? 0.1 : 0.3)) {
    flush(draft, 60);
    publish(draft);
  }
}

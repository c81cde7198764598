/**
 * The evidence in the numbers of a stream at the end of a case. The server numbers every message that it stores, in order, and never gives a
 * number twice; a duplicate gets none. So the last number tells how many messages the stream has stored in its life, and a number without a
 * message tells that one was taken away.
 *
 * This holds for one life of the stream. Where the server has ended in the case, or the stream was deleted, nothing is concluded: a server
 * that loses what it had stored begins again at a lower number.
 */

import { messageId } from "../../../models/policy/ids.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import type { Policy, StreamPolicy } from "../../../models/vocabulary/policy.ts";
import type { Fault } from "../../../models/vocabulary/scenario.ts";
import type { Held, Removal } from "./rig.ts";

type Lacks = Extract<Event, { readonly kind: "stream-lacks" }>;

/** A stream at the end of a case. */
export interface StreamEnd {
  readonly policy: Policy;
  readonly stream: StreamPolicy;
  /** All events of the case. */
  readonly told: readonly Event[];
  /** Undefined where the stream does not exist. */
  readonly held: Held | undefined;
  /** The messages that other streams hold. */
  readonly elsewhere: ReadonlySet<number>;
  /** Those of all streams. */
  readonly removals: readonly Removal[];
  /** The name of the client under test; those of other replicas begin with it. */
  readonly client: string;
}

/** The reason to hold nothing against the client: messages are gone, and neither the bus nor a fault of the case can have taken them. */
export function removalDoubt(end: StreamEnd): string | undefined {
  const { stream, held, client } = end;
  const removals = removalsOf(end);
  const outsider = outsiderDoubt(removals, client);
  if (outsider !== undefined) return `${outsider}${figuresText(held)}`;
  // The bus may have taken them itself, which is a finding about the bus.
  if (held === undefined || removals.length > 0 || serverHasEnded(end.told)) return undefined;
  const { lastNumber, messages, deleted, keepsMax } = held.state;
  if (keepsMax === undefined) return undefined;
  // A limit takes the oldest, and leaves no gap.
  const goneByLimit = Math.max(0, lastNumber - keepsMax);
  const gone = Math.max(deleted, lastNumber - messages - goneByLimit);
  if (gone <= 0) return undefined;
  const [are, them] = gone === 1 ? ["is", "it"] : ["are", "them"];
  return (
    `${goneByLimit === 0 ? "" : "at least "}${gone} of the ${lastNumber} messages that ${stream.name} has numbered ${are} gone, ` +
    `${goneByLimit === 0 ? "though it has discarded none" : "and not by its limit"}, ` +
    `the server never ended, and no client was heard to ask for that: the server has lost ${them}, or somebody has removed ${them} beside the case`
  );
}

/** The same, where the case was given up and no stream was read. */
export function outsiderDoubt(removals: readonly Removal[], client: string): string | undefined {
  const outsider = removals.find(({ by }) => !isOfCase(by, client));
  return outsider && removalText(outsider, nameText(outsider.by));
}

/** The proof, where there is one, that acknowledged messages are not held through no fault of the server. */
export function lacksOf(end: StreamEnd): Lacks | undefined {
  const { stream, held, client } = end;
  const removals = removalsOf(end);
  // The settings as they are now are among the server's figures.
  const own = removals.find(({ by, what }) => what !== "settings" && isOfCase(by, client));
  const lacks = (is: Lacks["is"], proof: string): Lacks => ({ kind: "stream-lacks", stream: stream.name, is, proof });
  if (own !== undefined)
    return lacks("removed-by-the-bus", `${removalText(own, "the bus itself")}${figuresText(held)}`);
  if (held === undefined || serverHasEnded(end.told)) return undefined;
  const { lastNumber, messages } = held.state;
  const acked = ackedOf(end);
  if (acked.length > lastNumber)
    return lacks(
      "never-numbered",
      `the bus told ${countText(acked.length, "acknowledgement")} of ${stream.name}, and the stream has numbered ` +
        `${countText(lastNumber, "message")}, so the server never gave at least ${acked.length - lastNumber} of them`,
    );
  const isHeld = (message: number): boolean =>
    held.runs.some(({ first, count }) => message >= first && message < first + count);
  if (messages !== lastNumber || acked.every(isHeld)) return undefined;
  const all = messages === 1 ? "the only message" : `each of the ${messages} messages`;
  return lacks("holds-all", `${stream.name} still holds ${all} that it has numbered, so the server has lost none`);
}

const removalsOf = ({ stream, removals }: StreamEnd): readonly Removal[] =>
  removals.filter(one => one.stream === stream.name);

const isOfCase = (by: string, client: string): boolean => by === client || by.startsWith(`${client}-`);

/** Each of these faults, or its heal, starts the server anew. */
export const endings: readonly Fault["kind"][] = ["stop-server", "power-loss", "no-jetstream", "refuse-credentials"];
export const serverHasEnded = (told: readonly Event[]): boolean =>
  told.some(event => event.kind === "fault" && endings.includes(event.fault));

/** The same, since the first publish: before it there was nothing to lose. */
export function serverHasEndedSince(told: readonly Event[]): boolean {
  const first = told.findIndex(event => event.kind === "published");
  return first >= 0 && serverHasEnded(told.slice(first));
}

/**
 * One message for each that the stream must have numbered: those told as acknowledged, and not as duplicates. Messages that share their id
 * count once, since a bus may not tell that an acknowledgement is that of a duplicate.
 */
function ackedOf({ policy, stream, told, elsewhere }: StreamEnd): readonly number[] {
  const byId = new Map<string, number>();
  for (const event of told) {
    if (event.kind !== "published" || streamOf(policy, event.subject ?? "") !== stream) continue;
    const { outcome, subject = "", key, first, count } = event;
    if (outcome.is !== "acked" || outcome.duplicate === true) continue;
    for (let message = first; message < first + count; message++) {
      const id = messageId(policy, subject, key, message) ?? `none:${message}`;
      if (!elsewhere.has(message) && !byId.has(id)) byId.set(id, message);
    }
  }
  return [...byId.values()];
}

// ---- Words ----

const countText = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

const nameText = (by: string): string =>
  by === "" ? "a client without a name" : `a client that is none of this case, ${JSON.stringify(by)},`;

function removalText({ stream, what }: Removal, who: string): string {
  switch (what) {
    case "message":
      return `${who} has deleted a message of ${stream}`;
    case "messages":
      return `${who} has purged ${stream}`;
    case "stream":
      return `${who} has deleted the stream ${stream}`;
    case "settings":
      return `${who} has changed the settings of ${stream}`;
  }
}

const figuresText = (held: Held | undefined): string =>
  held === undefined
    ? ""
    : `, which holds ${held.state.messages} of the ${countText(held.state.lastNumber, "message")} that it has numbered`;

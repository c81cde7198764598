/**
 * The cost of an outage of NATS for the publishes of one replica, by the rule of its client: how much is kept and when the first publish is refused,
 * what is lost and whether its caller is told, how large the buffer would have to be, and how old the messages are on their arrival.
 */
import { longestWaitMs, outageSurvivedMs, staleAfterMs as silenceMs } from "../../../models/policy/attempts.ts";
import { bufferBytesMax } from "../../../models/reconnect-buffer.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import { clientOptions } from "../client-options.ts";
import { type Fill, fillOf, keepsNothing, neededBytes, type PendingAt } from "./fill.ts";
import { type FamilyLoad, type Flow, flowsOf, publishedBy } from "./flows.ts";

/** Messages that are older on their arrival than their family puts up with. */
export interface Stale {
  readonly family: string;
  readonly staleAfterMs: number;
  readonly messages: number;
}

export interface ClientSize {
  readonly profile: string;
  /** The limit of the buffer; null where the client has none. 0: it refuses everything. */
  readonly limitBytes: number | null;
  /** The limit that the policy sets; null: it is the client's default. */
  readonly askedBytes: number | null;
  readonly published: number;
  readonly accepted: number;
  readonly refused: number;
  /** Published as core NATS, accepted, and gone. */
  readonly lostInSilence: number;
  /** Published through JetStream: their callers get a timeout, whatever becomes of the message. */
  readonly timedOut: number;
  readonly firstRefusedMs: number | null;
  readonly acceptedBefore: number;
  readonly keptBytes: number;
  /** The size at which nothing is refused; null where the client keeps nothing. */
  readonly neededBytes: number | null;
  /** The same with a quarter more, in whole MiB. */
  readonly suggestedBytes: number | null;
  /** The share of the memory that one process may take. */
  readonly memoryShare: number | null;
  /** The longest time between the end of the outage and the client's return. */
  readonly returnsWithinMs: number;
  /** The silence after which the client notices that a link has died without a word. */
  readonly silentForMs: number;
  /** The moment from which the client may have given up, with all that it has kept; null: not in this outage. */
  readonly givesUpMs: number | null;
  readonly oldestMs: number | null;
  readonly stale: readonly Stale[];
  readonly pending: readonly PendingAt[];
}

const mebibyte = 1_048_576;
const margin = 1.25;

export function sizeOf(policy: Policy, profile: Profile, loads: readonly FamilyLoad[], outageMs: number): ClientSize {
  const options = clientOptions(policy, profile);
  const flows = flowsOf(policy, profile, loads);
  const returnsWithinMs = longestWaitMs(options);
  const untilMs = outageMs + returnsWithinMs;
  const { least: survivedMs } = outageSurvivedMs(profile, options);
  const givesUpMs = survivedMs < outageMs ? survivedMs : null;
  const keepsAny = !keepsNothing(profile);
  const fill = keepsAny ? fillOf(flows, profile, options, untilMs) : nothingKept(flows, untilMs);
  const accepted = fill.accepted.reduce((sum, count) => sum + count, 0);
  // A message at the very end may count in one of the two alone.
  const published = Math.max(
    accepted,
    sumOf(flows, flow => publishedBy(flow, untilMs)),
  );
  const needed = keepsAny ? neededBytes(flows, untilMs) : null;
  const suggestedBytes = needed === null ? null : Math.ceil((needed * margin) / mebibyte) * mebibyte;
  const limit = bufferBytesMax(profile, options);
  const { memoryBytesMax } = policy.supervisor;
  const isLost = !keepsAny || givesUpMs !== null;
  return {
    profile: profile.name,
    limitBytes: keepsAny && Number.isFinite(limit) ? limit : null,
    askedBytes: options.reconnectBufferBytesMax ?? null,
    published,
    accepted,
    refused: published - accepted,
    lostInSilence: isLost ? sumWhere(flows, fill, flow => !flow.durable) : 0,
    timedOut: sumWhere(flows, fill, flow => flow.durable),
    firstRefusedMs: fill.firstRefusedMs,
    acceptedBefore: fill.acceptedBefore,
    keptBytes: fill.keptBytes,
    neededBytes: needed,
    suggestedBytes,
    memoryShare: suggestedBytes === null || memoryBytesMax === undefined ? null : suggestedBytes / memoryBytesMax,
    returnsWithinMs,
    silentForMs: silenceMs(profile, options),
    givesUpMs,
    oldestMs: isLost || accepted === 0 ? null : untilMs,
    stale: isLost ? [] : staleIn(policy, flows, fill, untilMs),
    pending: fill.pending,
  };
}

/** A client without a buffer accepts everything, and its next dial wipes it. */
const nothingKept = (flows: readonly Flow[], untilMs: number): Fill => ({
  firstRefusedMs: null,
  acceptedBefore: sumOf(flows, flow => publishedBy(flow, untilMs)),
  accepted: flows.map(flow => publishedBy(flow, untilMs)),
  keptBytes: 0,
  pending: [
    { ms: 0, bytes: 0 },
    { ms: untilMs, bytes: 0 },
  ],
});

const staleIn = ({ families }: Policy, flows: readonly Flow[], { accepted }: Fill, untilMs: number): readonly Stale[] =>
  families.flatMap(({ subjects: family, staleAfterMs }) => {
    if (staleAfterMs === undefined) return [];
    const messages = flows.reduce((sum, flow, i) => {
      const isOld = flow.family === family;
      return isOld ? sum + Math.min(accepted[i] ?? 0, publishedBy(flow, untilMs - staleAfterMs)) : sum;
    }, 0);
    return messages === 0 ? [] : [{ family, staleAfterMs, messages }];
  });

const sumOf = (flows: readonly Flow[], of: (flow: Flow) => number): number =>
  flows.reduce((sum, flow) => sum + of(flow), 0);

const sumWhere = (flows: readonly Flow[], { accepted }: Fill, is: (flow: Flow) => boolean): number =>
  flows.reduce((sum, flow, i) => (is(flow) ? sum + (accepted[i] ?? 0) : sum), 0);

/** The longest outage that the policy speaks of; undefined where it speaks of none. */
export function declaredOutageMs({ families, publish }: Policy): number | undefined {
  const declared = [
    publish.outlastsMs,
    ...families.flatMap(({ gaps }) => [gaps?.serverRestartMs, gaps?.failoverMs, gaps?.rolloutMs]),
  ].filter(ms => ms !== undefined);
  return declared.length === 0 ? undefined : Math.max(...declared);
}

/**
 * Callers that publish a message again after an error (`publish.onError`). Each of their waits takes real time, so what the client, the server or
 * a stop does meanwhile must be known.
 */
import { longestWaitMs } from "../policy/attempts.ts";
import { askingAgain } from "../policy/publishing.ts";
import { streamOf } from "../policy/streams.ts";
import type { Policy } from "../vocabulary/policy.ts";
import type { Profile } from "../vocabulary/profile.ts";
import type { Options, PublishStep, Step } from "../vocabulary/scenario.ts";
import { beyond, impossible, type NotEnabled, unjudgeable } from "./reasons.ts";
import type { Setting } from "./setting.ts";
import { isDurable, type View } from "./view.ts";

const attemptsUnknown = unjudgeable("which of its attempts meet a live connection is not known");
const writeErrorUnknown = unjudgeable("which of its calls would meet the write error, and be made again, is not known");
const roomUnknown = unjudgeable("whether there is room again when its caller asks again is not known");
const timeUnknown = unjudgeable("which of its attempts are refused at once, and how long they take, is not known");
const stopGoesOn = unjudgeable("how far the stop has come when its caller asks again is not known");
export const nothingTries = impossible("no publish makes another attempt then");
const connectedTooLate = beyond("machine-load", "on a busy machine its last attempt may come before the reconnect");

/** True for a publish whose caller publishes it again after an error. */
export const asksAgain = (policy: Policy | undefined, { async }: PublishStep): policy is Policy =>
  policy !== undefined && askingAgain(policy.publish, async).retries > 0;

/** The reason against the step that such a caller gives. */
export function askingAgainNotEnabled(view: View, step: Step, setting: Setting): NotEnabled | undefined {
  const { policy } = view;
  if (policy === undefined || askingAgain(policy.publish).retries === 0) return undefined;
  if (step.kind === "publish")
    return asksAgain(policy, step) ? publishNotEnabled(view, step, policy, setting) : undefined;
  if (step.kind === "signal") return step.meanwhile === undefined ? undefined : stopGoesOn;
  if (step.kind !== "together") return undefined;
  const end = step.steps.findIndex(({ kind }) => kind === "drain" || kind === "close");
  return end >= 0 && step.steps.slice(end).some(({ kind }) => kind === "publish") ? stopGoesOn : undefined;
}

function publishNotEnabled(view: View, step: PublishStep, policy: Policy, setting: Setting): NotEnabled | undefined {
  if (view.client === "unsure" && view.ended === "no") return attemptsUnknown;
  if (view.hindrance === "limit" && setting.profile.writeErrorsReturned) return writeErrorUnknown;
  if (!isDurable(view, step)) return undefined;
  if (mayFillUp(view, setting)) return timeUnknown;
  const stream = streamOf(policy, step.subject ?? "");
  return stream?.ageMaxMs !== undefined && stream.discard === "new" ? roomUnknown : undefined;
}

/** True where some attempts may time out and others be refused at once, by a buffer that has been filled by then. */
function mayFillUp({ hindrance, link, process }: View, { profile, options }: Setting): boolean {
  if (profile.reconnectBuffer.kind !== "kept" || options.reconnectBufferBytesMax === undefined) return false;
  return hindrance === "lose-ack" || ((link === "down" || process === "waiting") && !refusesAll(profile, options));
}

/** The attempts of a call that the client refuses while it is down; 0 where it does not refuse. */
export function attemptsWhileRefused(view: View, step: PublishStep, { profile, options }: Setting): number {
  const { policy } = view;
  if (!asksAgain(policy, step) || view.link !== "down" || view.client !== "disconnected") return 0;
  return refusesAll(profile, options) ? 1 + askingAgain(policy.publish).retries : 0;
}

/** True for a client that keeps nothing while it is down, and says so to each caller. */
export const refusesAll = (
  { reconnectBuffer: buffer }: Profile,
  { reconnectBufferBytesMax: asked }: Options,
): boolean =>
  buffer.kind === "kept" && asked !== undefined && (asked < 0 || (asked === 0 && buffer.zero !== "default"));

/** A dial takes milliseconds, but on a busy machine it may take far longer. */
const reconnectMsMin = 1_000;

/** The reason against a heal within a call that is refused again and again. The client has to be back before the last attempt. */
export function healBetweenRefusals(
  view: View,
  afterAttempts: number,
  { options, limits }: Setting,
): NotEnabled | undefined {
  const { policy, attempting } = view;
  const left = attempting - 1 - afterAttempts;
  if (policy === undefined || left < 1) return nothingTries;
  const leftMs = left * askingAgain(policy.publish).waitMs;
  const isLate = leftMs < reconnectMsMin + 10 * longestWaitMs(options);
  return isLate && limits.has("machine-load") ? connectedTooLate : undefined;
}

/**
 * Publishes without an answer whose message never came to its stream. They are known where every message that the stream has numbered is accounted
 * for by an acknowledgement, and where nothing can be on its way any more: one connection keeps order, and a later publish of the client, or its
 * flush, was answered. Without this, each of them might be one of the messages that a limit has taken.
 */
import { messagesOf } from "../../../models/observation.ts";
import { isCalm, type View } from "../../../models/plan/plan.ts";
import { streamOf } from "../../../models/policy/streams.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import type { Policy, StreamPolicy } from "../../../models/vocabulary/policy.ts";
import type { Held } from "./rig.ts";
import { serverHasEnded } from "./sequences.ts";

type PublishedEvent = Extract<Event, { readonly kind: "published" }>;

/** A look at a stream. */
export interface Look {
  readonly policy: Policy;
  readonly stream: StreamPolicy;
  readonly told: readonly Event[];
  readonly view: View;
  readonly held: Held;
  /** The messages that it was seen to hold, or is proven to have discarded, this look included. */
  readonly seen: ReadonlySet<number>;
}

export function neverStored({ policy, stream, told, view, held, seen }: Look): readonly PublishedEvent[] {
  const { lastNumber } = held.state;
  if (!isCalm(view) || view.client !== "connected" || serverHasEnded(told) || !isAnswered(told)) return [];
  const calls = told.filter(
    (event): event is PublishedEvent => event.kind === "published" && streamOf(policy, event.subject ?? "") === stream,
  );
  const copies = Map.groupBy(calls.filter(isStored).flatMap(messagesOf), message => message);
  const isAccounted = ([message, { length }]: [number, readonly number[]]): boolean =>
    length === 1 ? seen.has(message) : countIn(held, message) === length;
  const count = [...copies.values()].reduce((sum, { length }) => sum + length, 0);
  if (count !== lastNumber || ![...copies].every(isAccounted)) return [];
  return calls.filter(({ outcome }) => outcome.is === "unsettled");
}

const isStored = ({ outcome }: PublishedEvent): boolean => outcome.is === "acked" && outcome.duplicate !== true;

const countIn = ({ runs }: Held, message: number): number =>
  runs.filter(({ first, count }) => message >= first && message < first + count).length;

/** True where the last that the client was asked for was answered, and nothing has happened to its connection since. */
function isAnswered(told: readonly Event[]): boolean {
  const last = told.findLast(({ kind }) => disturbing.has(kind) || kind === "published" || kind === "called");
  if (last?.kind === "published") return last.outcome.is === "acked";
  return last?.kind === "called" && last.call === "flush" && last.outcome.is === "ok";
}

const disturbing: ReadonlySet<Event["kind"]> = new Set(["fault", "healed", "connection", "process"]);

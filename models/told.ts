/**
 * The entries of an observation, as data, with the key by which two entries are the same. The oracle compares keys and nothing else;
 * `words.ts` puts an entry into words for a reader.
 */
import type { CallOutcome, Event, HandledOutcome, Outcome, ProcessEvent } from "./vocabulary/event.ts";

/** The outcome of a publish call, or the fact that the call never returned. */
export type PublishTold = Outcome | { readonly is: "never-returned" };

export interface CallTold {
  readonly call: Extract<Event, { kind: "called" }>["call"];
  readonly outcome: CallOutcome;
}

/**
 * An entry of a service: of a stream, a handler, its processes or its probes. Its times vary from run to run, and stay out of its key: they
 * are compared as lower bounds.
 */
export type ServiceTold =
  | { readonly kind: "holds"; readonly stream: string; readonly message: number }
  | {
      readonly kind: "handled";
      readonly replica: number;
      readonly subject: string;
      readonly delivery: number;
      readonly outcome: HandledOutcome;
      readonly message: number;
      readonly tookMs?: number;
    }
  | ({ readonly kind: "process" } & Pick<
      Extract<ProcessEvent, { readonly change: "started" }>,
      "change" | "replica" | "by"
    >)
  | { readonly kind: "process"; readonly change: "stopping"; readonly replica: number }
  | ({ readonly kind: "process" } & Pick<
      Extract<ProcessEvent, { readonly change: "exited" }>,
      "change" | "replica" | "because" | "code" | "tookMs" | "forced" | "toldLost" | "handlerRanMs"
    >)
  | {
      readonly kind: "probe";
      readonly replica: number;
      readonly ready: boolean;
      readonly live: boolean;
      readonly connected: boolean;
      readonly durable: boolean;
    };

export function outcomeKey(told: PublishTold | CallOutcome): string {
  if ("kind" in told) return `${told.is}/${told.kind}`;
  return "duplicate" in told ? `${told.is}/duplicate` : told.is;
}

export const callKey = ({ call, outcome }: CallTold): string => `${call}/${outcomeKey(outcome)}`;

/** The key of a service's entry. Names that users choose come last in it, so that no two entries share one. */
export function serviceKey(told: ServiceTold): string {
  switch (told.kind) {
    case "holds":
      return `holds/${told.message}/${told.stream}`;
    case "handled":
      return `handled/${told.message}/${told.delivery}/${told.outcome}/${told.replica}/${told.subject}`;
    case "process":
      return told.change === "exited"
        ? `exited/${told.replica}/${told.because}/${told.code}/${told.forced}/${told.toldLost}`
        : `${told.change}/${told.replica}${told.change === "started" ? `/${told.by}` : ""}`;
    case "probe":
      return `probe/${told.replica}/${told.ready}/${told.live}/${told.connected}/${told.durable}`;
  }
}

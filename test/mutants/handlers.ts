/** Mutants of handlers: what they say to the server about a message is not what they are said to say. */
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { HandledOutcome } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import type { Handler, SubscribeStep } from "../../models/vocabulary/scenario.ts";
import { durablePath } from "../../properties/durable-path.ts";
import { start } from "../models/cases.ts";
import {
  advance,
  job,
  policyWith,
  replica,
  stream,
  subscribe,
  subscribeNaks,
  underPolicy,
} from "../models/policies.ts";
import { type Doing, type Mutant, withoutLetter } from "./mutant.ts";

const demands = durablePath.map(({ id }) => id);
const givenUp = "durable-path/a-message-given-up-is-a-dead-letter";

/** It demands that nothing is given up in silence only where its policy dead-letters. */
const demanding = (parts: Parameters<typeof policyWith>[0] = {}): Policy =>
  policyWith({
    ...parts,
    demands: demands.filter(id => id !== givenUp || parts.consume?.failures === "dead-letter"),
  });

const deadLetters: Parameters<typeof policyWith>[0] = {
  streams: [stream, { ...stream, name: "DEAD", subjects: ["dead.>"] }],
  consume: { failures: "dead-letter", deadLetterSubject: "dead.jobs" },
};

/** The handler is another one, and says what the declared one would say. */
const handlesAs =
  (as: Partial<SubscribeStep>, told: Partial<Record<HandledOutcome, HandledOutcome>> = {}): (() => Doing) =>
  () =>
  ({ planned, emit }, go) => {
    const asked = planned.kind === "step" && planned.step.kind === "subscribe" ? planned.step : undefined;
    const handler: Handler | undefined = asked?.handler;
    go({
      ...(asked !== undefined && planned.kind === "step" && { planned: { ...planned, step: { ...asked, ...as } } }),
      emit: event => {
        if (event.kind === "subscribed" && handler !== undefined) emit({ ...event, handler });
        else if (event.kind === "handled") emit({ ...event, outcome: told[event.outcome] ?? event.outcome });
        else emit(event);
      },
    });
  };

const hung = [start, replica(1), subscribe(1, "hangs"), job(3)];
const endless: Parameters<typeof policyWith>[0] = { consume: { deliverMax: -1 } };

export const handlerMutants: readonly Mutant[] = [
  {
    name: "has a consumer with room for two messages, where its policy says none",
    row: "F-235: a consumer with little room",
    declared: natsGo,
    follows: policy => ({ ...policy, consume: { ...policy.consume, ackPendingMax: 2 } }),
    where: underPolicy(demanding(endless), hung),
    killedBy: ["durable-path/unacknowledged-messages-hold-up-no-others", "conformance"],
  },
  {
    name: "has a consumer that waits for longer after each delivery, where its policy says one wait",
    row: "F-236: the waits of a backoff",
    declared: natsGo,
    follows: policy => ({ ...policy, consume: { ...policy.consume, backoffMs: [30_000, 60_000, 120_000] } }),
    where: underPolicy(demanding({ consume: { deliverMax: 10 } }), [
      ...hung.slice(0, 3),
      job(),
      advance(60_000),
      job(),
      advance(30_000),
    ]),
    killedBy: ["conformance"],
    beyond: "it shows after seven steps",
  },
  {
    name: "loses the acknowledgements of its handlers",
    row: "F-233: an acknowledgement that reaches nobody",
    declared: natsGo,
    does: handlesAs({ handler: "loses-ack" }, { "ack-lost": "acked" }),
    where: underPolicy(demanding(), [start, replica(1), subscribe(1), job(), advance(30_000)]),
    killedBy: ["durable-path/finished-work-is-not-given-again", "conformance"],
  },
  {
    name: "terminates what it was to ask for again",
    row: "F-231: a message that is terminated",
    declared: natsGo,
    does: handlesAs({ handler: "terminates" }),
    where: underPolicy(demanding(), [start, replica(1), subscribeNaks(1), job()]),
    killedBy: ["durable-path/a-failed-message-is-kept", "conformance"],
    beyond: withoutLetter("a handler that naks"),
  },
  {
    name: "asks for its message at once, where it was to ask for a delay",
    row: "F-230: naks, with and without a delay",
    declared: natsGo,
    does: handlesAs({ nakDelayMs: 0 }),
    where: underPolicy(demanding(), [start, replica(1), subscribeNaks(1, 10_000), job(), job()]),
    killedBy: ["conformance"],
    beyond: withoutLetter("a handler that naks"),
  },
  {
    name: "keeps no dead letter of what its handler could not do",
    row: "F-73: given again as often as MaxDeliver says, and then to nobody",
    declared: natsGo,
    follows: policy => ({ ...policy, consume: { ...policy.consume, failures: "redelivered" } }),
    where: underPolicy(demanding(deadLetters), [start, replica(1), subscribe(1, "fails"), job()]),
    killedBy: [givenUp, "conformance"],
  },
];

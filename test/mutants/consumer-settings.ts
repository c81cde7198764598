/** Mutants of consumers: one with other settings than its policy says, or made by another call. */
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { ConsumePolicy, Policy } from "../../models/vocabulary/policy.ts";
import { cut, heal, hold, start } from "../models/cases.ts";
import {
  advance,
  job,
  kill,
  policyWith,
  replica,
  sound,
  stream,
  subscribe,
  subscribeSlow,
  underPolicy,
} from "../models/policies.ts";
import { isHeal, type Mutant } from "./mutant.ts";

/** Promises that none of these policies breaks by itself. */
const demands = [
  "durable-path/every-stored-message-is-handled",
  "durable-path/a-failed-message-is-kept",
  "shutdown/a-restart-replays-no-history",
];

const demanding = (consume: Partial<ConsumePolicy>, more: readonly string[] = []): Policy =>
  policyWith({ consume, demands: [...demands, ...more] });

const consuming =
  (change: Partial<ConsumePolicy>): ((policy: Policy) => Policy) =>
  policy => ({ ...policy, consume: { ...policy.consume, ...change } });

const settings = "durable-path/a-subscription-has-the-settings-that-its-code-asks-for";

export const consumerMutants: readonly Mutant[] = [
  {
    name: "gives a message as often as its code asks for, where the operator's consumer has another limit",
    row: "F-250: the two sides of a consumer",
    declared: natsGo,
    follows: policy => {
      const { stands: _, ...consume } = policy.consume;
      return { ...policy, consume };
    },
    where: underPolicy(demanding({ durables: "bound", stands: { deliverMax: 5 } }), [
      ...[start, replica(1), subscribe(1, "hangs"), job(), advance(30_000)],
    ]),
    killedBy: ["conformance"],
  },
  {
    name: "is granted a consumer though another one stands in its name",
    row: "F-250: the two sides of a consumer",
    declared: natsGo,
    follows: consuming({ durables: "bound" }),
    where: underPolicy(demanding({ durables: "created", stands: { deliverMax: 5 } }, [settings]), [
      ...[start, replica(1), subscribe(1)],
    ]),
    killedBy: [settings, "conformance"],
  },
  {
    name: "has a consumer that passes over what is stored, where its policy says all",
    row: "F-251: deliver policies",
    declared: natsGo,
    follows: consuming({ deliverPolicy: "new" }),
    where: underPolicy(demanding({ durables: "created" }), [start, job(2), replica(1), subscribe(1)]),
    killedBy: ["durable-path/every-stored-message-is-handled", "conformance"],
  },
  {
    name: "has a consumer that waits for no acknowledgement, where its policy says one for each message",
    row: "F-252: ack policy none",
    declared: natsGo,
    follows: consuming({ ackPolicy: "none" }),
    where: underPolicy(demanding({ durables: "created" }), [start, replica(1), subscribe(1, "fails"), job()]),
    killedBy: ["durable-path/a-failed-message-is-kept", "conformance"],
  },
  {
    name: "has a consumer whose acknowledgements are those of all before them, where its policy says one for each message",
    row: "F-247: ack policy all",
    declared: natsGo,
    follows: consuming({ ackPolicy: "all" }),
    where: underPolicy(demanding({ durables: "created" }), [
      ...[start, replica(1), subscribe(1, "fails"), job(), kill(1), subscribe(0), job()],
    ]),
    killedBy: ["durable-path/every-stored-message-is-handled", "conformance"],
  },
  {
    name: "has a consumer that waits for each acknowledgement, where its policy says one for all before it",
    row: "F-247: ack policy all",
    declared: natsGo,
    follows: consuming({ ackPolicy: "explicit" }),
    where: underPolicy(policyWith({ consume: { durables: "created", ackPolicy: "all" } }), [
      ...[start, replica(1), subscribe(1, "fails"), job(), kill(1), subscribe(0), job()],
    ]),
    killedBy: ["conformance"],
  },
  {
    name: "has a consumer for itself, where its policy says a durable one",
    row: "F-253: ephemeral consumers",
    declared: natsGo,
    follows: consuming({ durables: "ephemeral" }),
    where: underPolicy(demanding({ durables: "created" }), [
      ...[start, subscribe(0), job(), kill(), start, subscribe(0)],
    ]),
    killedBy: ["shutdown/a-restart-replays-no-history", "conformance"],
  },
  {
    name: "goes on with its consumer though the server has deleted it",
    row: "F-280: consumers that nobody uses",
    declared: natsGo,
    does: () => (moment, go) => {
      const consumers = moment.state.service?.server.consumers ?? [];
      go();
      for (const one of consumers) if (one.isDeleted === true) one.exists = true;
    },
    where: underPolicy(
      policyWith({ consume: { durables: "created", ackWaitMs: 1_000, inactiveThresholdMs: 10_000 } }),
      [...[start, replica(1), subscribe(1), job(), kill(1), advance(20_000), replica(1), subscribe(1), job()]],
    ),
    killedBy: ["conformance"],
  },
  {
    name: "has a consumer that is deleted while nobody uses it, where its policy says nothing of that",
    row: "F-280: consumers that nobody uses",
    declared: natsGo,
    follows: consuming({ ackWaitMs: 1_000, inactiveThresholdMs: 1_000 }),
    where: underPolicy(demanding({ durables: "created", ackWaitMs: 1_000 }), [
      ...[start, replica(1), subscribe(1), job(), kill(1), advance(20_000), replica(1), subscribe(1), job()],
    ]),
    killedBy: ["shutdown/a-restart-replays-no-history", "conformance"],
  },
  {
    name: "keeps in a feed what is acknowledged with a later message",
    row: "F-282: feeds with other deliver and ack policies",
    declared: natsGo,
    follows: policy => ({
      ...policy,
      streams: policy.streams.map(({ retention: _, ...one }) => one),
    }),
    where: underPolicy(
      policyWith({
        consume: { durables: "created", ackPolicy: "all" },
        streams: [{ ...stream, retention: "interest" }],
      }),
      [...[start, replica(1), subscribe(1, "fails"), job(), kill(1), subscribe(0), job()]],
    ),
    killedBy: ["conformance"],
  },
  {
    name: "takes over the consumer that stands, where its code updates it",
    row: "F-281: code that updates its consumer",
    declared: natsGo,
    follows: consuming({ durables: "bound" }),
    where: underPolicy(demanding({ durables: "updated", stands: { deliverMax: 1 } }, [settings]), [
      ...[start, replica(1), subscribe(1, "hangs"), job(), advance(30_000)],
    ]),
    killedBy: ["conformance"],
  },
  {
    name: "loses the acknowledgement that its client keeps in an outage",
    row: "F-254: a cut while a handler is at work",
    declared: natsGo,
    does: () => (moment, go) => {
      const consumers = isHeal(moment) ? (moment.state.service?.server.consumers ?? []) : [];
      for (const { open } of consumers) open.splice(0, open.length, ...open.map(({ ackKept: _, ...one }) => one));
      go();
    },
    // Its supervisor's wait is a moment between the end of the work and the ack wait.
    where: underPolicy({ ...demanding({}), supervisor: { ...sound.supervisor, restartMs: 15_000 } }, [
      ...[start, subscribeSlow(0, 10_000), job(), cut(), advance(15_000)],
    ]),
    killedBy: ["conformance"],
  },
  {
    name: "hears the acknowledgement of a process that was killed with it",
    row: "F-303: two cuts, a hold and a kill while a handler is at work",
    declared: natsGo,
    does: () => (moment, go) => {
      const { planned, state } = moment;
      const consumers = planned.step.kind === "signal" ? (state.service?.server.consumers ?? []) : [];
      for (const { open } of consumers) open.splice(0, open.length, ...open.filter(({ ackKept }) => ackKept !== true));
      go();
    },
    where: underPolicy(demanding({}), [
      ...[start, subscribeSlow(0, 10_000), job(), cut(), advance(10_000), kill(), heal(), start, subscribe(0)],
    ]),
    killedBy: ["conformance"],
  },
  {
    name: "gives a message again though a link held its acknowledgement in time",
    row: "F-303: two cuts, a hold and a kill while a handler is at work",
    declared: natsGo,
    does: () => (moment, go) => {
      const consumers = isHeal(moment) ? (moment.state.service?.server.consumers ?? []) : [];
      for (const { open } of consumers) open.splice(0, open.length, ...open.map(one => ({ ...one, ackHeld: false })));
      go();
    },
    where: underPolicy(demanding({}), [...[start, subscribeSlow(0, 10_000), job(), hold, advance(10_000), heal()]]),
    killedBy: ["conformance"],
  },
];

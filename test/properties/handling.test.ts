/** The promises about handlers, each held, broken and idle in a run written by hand. */
import type { CallOutcome, Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { handling } from "../../properties/handling.ts";
import {
  acked,
  type Case,
  discards,
  durably,
  handles,
  heals,
  holds,
  installs,
  limited,
  passes,
  policy,
  settles,
  starts,
  subscribes,
  testCases,
  up,
} from "./service-events.ts";

const about =
  (id: string) =>
  (what: string, events: readonly Event[], rest: Partial<Case> = {}): Case => ({
    id: `durable-path/${id}`,
    what,
    events: [...up, starts(1), subscribes(1), ...durably(0, acked), ...events],
    ...rest,
  });

const settings = about("a-subscription-has-the-settings-that-its-code-asks-for");
const again = about("finished-work-is-not-given-again");
const room = about("unacknowledged-messages-hold-up-no-others");
const poison = about("a-poison-message-ends");
const givenUp = about("a-message-given-up-is-a-dead-letter");

const endless = { ...policy, consume: { ...policy.consume, deliverMax: -1 } };
const failsThrice = ([1, 2, 3] as const).map(delivery => handles(0, "failed", { delivery }));
const end: readonly Event[] = [passes(90_000), settles, holds(0)];

const discarded: readonly Event[] = [passes(90_000), discards(0), settles];
const along: Policy = { ...policy, consume: { ...policy.consume, ackPolicy: "all" } };
const standing = { ...policy, consume: { ...policy.consume, stands: { ackWaitMs: 10_000, deliverMax: -1 } } };
const subscription = (outcome: CallOutcome): Event => ({ kind: "called", step: "s", call: "subscribe", outcome });

testCases(handling, [
  settings("the code is refused", [subscription({ is: "failed", kind: "other" }), ...end], {
    under: standing,
    exercised: 1,
  }),
  settings("the code is granted what stands", [subscription({ is: "ok" }), ...end], {
    under: standing,
    breaks:
      "a subscription was granted, and its consumer has ackWaitMs 10000, deliverMax -1; the code asks for ackWaitMs 30000, deliverMax 3",
  }),
  settings("the two sides agree", [subscription({ is: "ok" }), ...end]),

  again("acknowledged once", [handles(0, "acked"), ...end], { exercised: 1 }),
  again("failed first", [handles(0, "failed"), handles(0, "acked", { delivery: 2 }), ...end], { exercised: 1 }),
  again("its acknowledgement is lost", [handles(0, "ack-lost"), handles(0, "acked", { delivery: 2 }), ...end], {
    breaks: "the work on message 0 on job.plain was done at delivery 1, and it was given again, 2 times in all",
  }),
  again(
    "a fault came between the two",
    [handles(0, "acked"), ...installs("cut"), heals, handles(0, "acked", { delivery: 2 }), ...end],
    { exercised: 1 },
  ),
  again("worked on after an early acknowledgement", [handles(0, "acked-early"), handles(0, "worked"), ...end], {
    exercised: 1,
  }),
  again("nobody finished it", [handles(0, "acked-early"), ...end]),

  room("given once", [handles(0, "hung"), ...end], { under: endless, exercised: 1 }),
  room("given to nobody", end, {
    under: { ...endless, consume: { ...endless.consume, ackPendingMax: 2 } },
    breaks: "message 0 on job.plain is given to nobody: 2 others are not acknowledged, and are given again without end",
  }),
  room("its consumer gives up in the end", end),

  poison("given up after the third time", [...failsThrice, ...end], { exercised: 1 }),
  poison("naks without end", [handles(0, "nak-sent"), handles(0, "nak-sent", { delivery: 2 }), ...end], {
    under: endless,
    breaks: "message 0 on job.plain failed 2 times, and no limit of deliveries ends that",
  }),
  poison("a fourth time", [...failsThrice, handles(0, "failed", { delivery: 4 }), ...end], {
    breaks: "message 0 on job.plain failed 4 times, and no limit of deliveries ends that",
  }),
  poison("it was handled in the end", [...failsThrice.slice(0, 2), handles(0, "acked", { delivery: 3 }), ...end], {
    under: endless,
  }),

  givenUp("dead-lettered", [handles(0, "dead-lettered"), ...end], { exercised: 1 }),
  givenUp("deliveries used up", [...failsThrice, ...end], {
    breaks: "message 0 on job.plain is given up after 3 deliveries, and no dead letter of it is kept",
  }),
  givenUp("terminated", [handles(0, "terminated"), ...end], {
    breaks: "message 0 on job.plain failed and was given up, and no dead letter of it is kept",
  }),
  givenUp("the wait after its last delivery is not over", [passes(70_000), ...failsThrice, ...end]),
  givenUp("a delivery is left", [handles(0, "failed"), ...end]),
  givenUp("a limit takes it between two deliveries", [handles(0, "failed"), ...discarded], {
    under: limited,
    breaks:
      "message 0 on job.plain is given up after 1 delivery, since its stream has discarded it, and no dead letter of it is kept",
  }),
  givenUp("a limit takes it once it is handled", [handles(0, "acked"), ...discarded], { under: limited }),
  givenUp("a limit takes it before it is given", discarded, { under: limited }),
  givenUp("a later message takes it along", [handles(0, "failed"), handles(1, "acked"), ...end], {
    under: along,
    breaks: "message 0 on job.plain failed and was given up, and no dead letter of it is kept",
  }),
  givenUp("an earlier message takes nothing along", [handles(1, "failed"), handles(0, "acked"), ...end], {
    under: along,
  }),
]);

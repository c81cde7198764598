/** One lie about a run for each thing that the oracle compares: no promise notices it, and the oracle says what is wrong. */
import { describe, expect, test } from "vitest";
import { type PlannedCase, planCase } from "../../../models/plan/plan.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../../models/profiles/nats-js-3.ts";
import { natsPy } from "../../../models/profiles/nats-py.ts";
import type { Event } from "../../../models/vocabulary/event.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Options } from "../../../models/vocabulary/scenario.ts";
import { policyScenarioOf } from "../../../properties/arbitraries/policy-scenario.ts";
import { bundledPolicies, bundledPolicy } from "../../../src/files/policies.ts";
import { judge } from "../../../src/judge/judge.ts";
import { modelCapabilities, runModel } from "../../../src/worlds/model.ts";
import {
  type Bare,
  blackhole,
  close,
  cut,
  flush,
  heal,
  publish,
  scenarioWith,
  start,
  together,
} from "../../models/cases.ts";

import { job, sound, subscribeSlow, term, underPolicy } from "../../models/policies.ts";

type Kind<K extends Event["kind"]> = Extract<Event, { readonly kind: K }>;
type Lie = (events: readonly Event[]) => readonly Event[];

interface Told {
  readonly what: string;
  readonly planned: PlannedCase;
  readonly events: readonly Event[];
  readonly lie: Lie;
  readonly says: RegExp;
}

const seen = (planned: PlannedCase): readonly Event[] => {
  const events: Event[] = [];
  runModel(planned, "1", event => void (event.kind === "ended" || events.push(event)));
  return events;
};

const bare = (steps: readonly Bare[], options: Partial<Options> = {}, profile: Profile = natsGo) => {
  const planned = planCase(scenarioWith(steps, options), profile);
  return { planned, events: seen(planned) };
};

/** A run of a bundled policy in which there is such an event, and of which everything holds. */
const service = (is: (event: Event, policy: Policy) => boolean) =>
  serviceSuch((events, policy) => events.some(event => is(event, policy)));

function serviceSuch(isSuch: (events: readonly Event[], policy: Policy) => boolean) {
  for (let i = 0; i < 20_000; i++) {
    const names = bundledPolicies();
    const policy = bundledPolicy(names[i % names.length] as string) as Policy;
    const profile = [natsGo, natsJs3, natsPy][i % 3] as Profile;
    const space = { profile, capabilities: modelCapabilities(profile), policy: { ...policy, demands: [] } };
    const planned = planCase(policyScenarioOf(`lie-${i}`, space), profile);
    const events = seen(planned);
    if (!isSuch(events, policy) || judge(planned, events).verdict !== "holds") continue;
    return { planned, events };
  }
  throw new Error("no such run");
}

const is =
  <K extends Event["kind"]>(kind: K, such: (event: Kind<K>) => boolean = () => true) =>
  (event: Event): boolean =>
    event.kind === kind && such(event as Kind<K>);
const indexOf = (events: readonly Event[], what: (event: Event) => boolean): number => {
  const at = events.findIndex(what);
  if (at < 0) throw new Error("nothing to lie about");
  return at;
};
const twice =
  (what: (event: Event) => boolean, times = 2): Lie =>
  events => {
    const at = indexOf(events, what);
    return events.toSpliced(at, 1, ...Array.from({ length: times }, () => events[at] as Event));
  };
const otherwise =
  <K extends Event["kind"]>(what: (event: Event) => boolean, change: (event: Kind<K>) => Event): Lie =>
  events => {
    const at = indexOf(events, what);
    return events.with(at, change(events[at] as Kind<K>));
  };
/** Moves the first such event to the place before the first event of the other kind. */
const before =
  (what: (event: Event) => boolean, place: (event: Event) => boolean): Lie =>
  events => {
    const at = indexOf(events, what);
    const rest = events.toSpliced(at, 1);
    return rest.toSpliced(indexOf(rest, place), 0, events[at] as Event);
  };
const after =
  (what: (event: Event) => boolean, place: (event: Event) => boolean): Lie =>
  events => {
    const at = indexOf(events, what);
    const rest = events.toSpliced(at, 1);
    return rest.toSpliced(indexOf(rest, place) + 1, 0, events[at] as Event);
  };

const isFlushed = is("called", ({ call }) => call === "flush");
const ended = (step: string) => is("step", one => one.step === step && one.phase === "ended");
const says = (change: Kind<"connection">["change"]) => is("connection", event => event.change === change);
const eachTwice: Lie = events => twice(says("reconnected"))(twice(says("disconnected"))(events));
/** An outage with a link that lets the server greet a dial, and nothing of the dial through. */
const greeted = (profile: Profile) => bare([start, flush(), blackhole, publish(2), heal(), flush()], {}, profile);
const outage = bare([start, flush(), publish(2), flush(), cut(), publish(2), heal(), flush()]);
const twoPublishes = bare([start, flush(), publish(2), publish(3), flush()]);
const isExit = (event: Event): event is Kind<"process"> & { change: "exited" } =>
  event.kind === "process" && event.change === "exited";
const gaveUp = service(
  (event, { startup }) =>
    isExit(event) &&
    event.because === "startup" &&
    startup.strategy === "retry-with-deadline" &&
    event.tookMs === startup.deadlineMs,
);
const stopped = service(event => isExit(event) && event.because === "stopped");
const handledAndGone = service(event => event.kind === "handled");
const isAgain = is("published", ({ again }) => again === true);
/** Two different messages of one step are published once more, one right after the other. */
const pairAgain = (events: readonly Event[]): number =>
  events.findIndex((event, i) => {
    const next = events[i + 1];
    return next !== undefined && isAgain(event) && isAgain(next) && stepAndFirst(event) !== stepAndFirst(next);
  });
const stepAndFirst = (event: Event): string => {
  const { step, first } = event as Kind<"published">;
  return `${step} ${first}`;
};
const repeated = serviceSuch(events => {
  const at = pairAgain(events);
  return at >= 0 && (events[at] as Kind<"published">).step === (events[at + 1] as Kind<"published">).step;
});
/** The same, and other calls are answered after it. */
const repeatedEarly = serviceSuch(events => {
  const at = pairAgain(events);
  const { step } = (events[at] ?? {}) as Kind<"published">;
  const told = events.filter(is("published")) as readonly Kind<"published">[];
  return at >= 0 && (events[at + 1] as Kind<"published">).step === step && told.at(-1)?.step !== step;
});
/** No acknowledgement of it can race with a cut. */
const hasKey = ({ key, durable }: Kind<"published">): boolean => key !== undefined && durable !== true;
const keyed = service(is("published", hasKey));

const planAtWork = planCase(underPolicy(sound, [start, subscribeSlow(0, 400), job(), term()]), natsGo);
const atWork = { planned: planAtWork, events: seen(planAtWork) };
const throughAfter = (tookMs: number): Lie =>
  otherwise<"handled">(
    is("handled", ({ outcome }) => outcome === "acked"),
    event => ({ ...event, tookMs }),
  );
const endsAfter = (tookMs: number): Lie => otherwise<"process">(isExit, event => ({ ...event, tookMs }) as Event);

const lies: readonly Told[] = [
  {
    what: "a handler that is through too early",
    ...atWork,
    lie: throughAfter(200),
    says: /acked after 400 ms: message 0; observed .* acked after 200 ms/,
  },
  {
    what: "a handler that is through too late",
    ...atWork,
    lie: throughAfter(2_000),
    says: /acked after 400 ms: message 0; observed .* acked after 2000 ms/,
  },
  {
    what: "a stop that ends before the handler that it waits for",
    ...atWork,
    lie: endsAfter(100),
    says: /after 400 ms, .*; observed .* after 100 ms/,
  },
  {
    what: "a stop that goes on long after the handler that it waits for",
    ...atWork,
    lie: endsAfter(2_000),
    says: /after 400 ms, .*; observed .* after 2000 ms/,
  },
  {
    what: "two answers to one call",
    ...outage,
    lie: twice(isFlushed),
    says: /flush ok, and no such call was asked for/,
  },
  {
    what: "an answer to a call that nobody made",
    ...outage,
    lie: events => {
      const at = indexOf(events, isFlushed);
      return events.toSpliced(at, 0, { ...(events[at] as Kind<"called">), step: "flush-99" });
    },
    says: /no such call was asked for|calls/,
  },
  {
    what: "two answers to one publish",
    ...outage,
    lie: twice(is("published")),
    says: /publish call of message 0 at publish-2 was answered twice/,
  },
  {
    what: "an arrival before its publish",
    ...twoPublishes,
    lie: before(is("delivered"), ended("flush-1")),
    says: /message 0 arrived before it was published at publish-2/,
  },
  {
    what: "a flush that said ok, and its messages came after the next outage",
    ...outage,
    lie: after(
      is("delivered"),
      is("connection", ({ change }) => change === "reconnected"),
    ),
    says: /flush-3: the flush said ok, and message 0 arrived only later/,
  },
  {
    what: "answers in another order than the calls",
    ...bare([start, flush(), together(publish(2), flush()), publish(2), flush()]),
    lie: after(
      is("published"),
      is("called", ({ step }) => step === "part-1-flush"),
    ),
    says: /its calls are answered next/,
  },
  {
    what: "publish calls of one step told out of order",
    ...twoPublishes,
    lie: events => {
      const at = indexOf(events, is("published"));
      const told = events[at] as Kind<"published">;
      return events.toSpliced(at, 1, { ...told, first: 1, count: 1 }, { ...told, count: 1 });
    },
    says: /was answered after a later one/,
  },
  {
    what: "answers to a repeated publish told out of order",
    ...repeated,
    lie: events => {
      const at = pairAgain(events);
      return events.toSpliced(at, 2, events[at + 1] as Event, events[at] as Event);
    },
    says: /was answered after a later one/,
  },
  {
    what: "half of the answers to a repeated publish, told after those to a later step",
    ...repeatedEarly,
    lie: events => {
      const at = pairAgain(events) + 1;
      const rest = events.toSpliced(at, 1);
      return rest.toSpliced(rest.findLastIndex(is("published")) + 1, 0, events[at] as Event);
    },
    says: /was answered after a later one/,
  },
  {
    what: "a report that the client is disconnected, twice in a cut",
    ...outage,
    lie: twice(says("disconnected")),
    says: /said 2 times in a row that it was disconnected; it may say so once/,
  },
  {
    what: "a report that the client is disconnected, forty times behind a link that greets its dials",
    ...greeted(natsJs3),
    lie: twice(says("disconnected"), 40),
    says: /said 40 times in a row that it was disconnected; it may say so 32 times/,
  },
  {
    what: "a report twice by a client that says nothing of its dials",
    ...greeted(natsGo),
    lie: twice(says("disconnected")),
    says: /said 2 times in a row that it was disconnected; it may say so once/,
  },
  {
    what: "a report once more than a close repeats it",
    ...bare([start, flush(), cut("gave-up"), publish(1)], { reconnectAttemptsMax: 3 }, natsPy),
    lie: twice(says("disconnected"), 3),
    says: /said 3 times in a row that it was disconnected; it may say so 2 times/,
  },
  {
    what: "a report twice that the client is connected again",
    ...outage,
    lie: twice(says("reconnected")),
    says: /said 2 times in a row that it was reconnected; it may say so once/,
  },
  {
    what: "a report that the client is connected again, once more than that it was not",
    ...greeted(natsJs3),
    lie: events => twice(says("reconnected"), 3)(twice(says("disconnected"))(events)),
    says: /said 3 times in a row that it was reconnected; it may say so 2 times/,
  },
  {
    what: "a report twice of what no dial repeats",
    ...outage,
    lie: twice(is("connection", ({ change }) => change === "connected")),
    says: /said 2 times in a row that it was connected/,
  },
  {
    what: "a disconnect that was awaited, reported in a later step",
    ...outage,
    lie: after(
      is("connection", ({ change }) => change === "disconnected"),
      ended("publish-5"),
    ),
    says: /fault-4: the model says that it ends after 2 events of the connection; observed 1/,
  },
  {
    what: "an answer in a later step",
    ...twoPublishes,
    lie: after(is("published"), ended("publish-2")),
    says: /publish-2: the model says that it ends after 3 events of the calls; observed 2/,
  },
  {
    what: "more messages than were asked for",
    ...bare([start, publish(3), flush(), close, publish(2)]),
    lie: otherwise<"published">(
      is("published", ({ first }) => first === 3),
      event => ({ ...event, count: 3 }),
    ),
    says: /6 messages were published, and 5 were asked for/,
  },
  {
    what: "a publish under another step",
    ...twoPublishes,
    lie: otherwise<"published">(is("published"), event => ({ ...event, frameBytes: event.frameBytes + 1 })),
    says: /publish of message 0: the model says frameBytes 34; observed 35/,
  },
  {
    what: "a publish about another thing",
    ...keyed,
    lie: otherwise<"published">(is("published", hasKey), event => ({ ...event, key: "other" })),
    says: /the model says key .*; observed other/,
  },
  {
    what: "a start given up at half its deadline",
    ...gaveUp,
    lie: otherwise<"process">(isExit, event => ("tookMs" in event ? { ...event, tookMs: event.tookMs / 2 } : event)),
    says: /exited startup, with code 1 after \d+ ms/,
  },
  {
    what: "code 0 after a start that failed",
    ...gaveUp,
    lie: otherwise<"process">(isExit, event => ("code" in event ? { ...event, code: 0 } : event)),
    says: /exited startup, with code 1 .* observed .* with code 0/,
  },
  {
    what: "code 1 after a clean stop",
    ...stopped,
    lie: otherwise<"process">(
      event => isExit(event) && event.because === "stopped",
      event => ("code" in event ? { ...event, code: 1 } : event),
    ),
    says: /exited stopped.*, with code 0 .* observed .* with code 1/,
  },
  {
    what: "a start by another hand",
    ...stopped,
    lie: otherwise<"process">(
      is("process", ({ change }) => change === "started"),
      event => ("by" in event ? { ...event, by: "supervisor" } : event),
    ),
    says: /started by its scenario; observed replica \d started by its supervisor/,
  },
  {
    what: "a message handled by a process that has exited",
    ...handledAndGone,
    lie: events => {
      const at = indexOf(events, is("handled"));
      const { replica } = events[at] as Kind<"handled">;
      const exit: Event = {
        ...{ kind: "process", change: "exited", replica, code: 137, because: "killed" },
        ...{ tookMs: 0, forced: false, toldLost: 0, atMs: 0 },
      } as Event;
      return events.toSpliced(at, 0, exit);
    },
    says: /was handled by replica \d, which had exited/,
  },
  {
    what: "a probe that changed a step later",
    ...stopped,
    lie: events => {
      const at = indexOf(events, is("probe"));
      const rest = events.toSpliced(at, 1);
      const end = rest.findIndex((event, i) => i >= at && is("step", ({ phase }) => phase === "ended")(event));
      return rest.toSpliced(end + 1, 0, events[at] as Event);
    },
    says: /the model says that it ends after 1 events of the probes; observed 0/,
  },
  {
    what: "a report of the client after all had settled",
    ...bare([start, publish(3), flush(), close, publish(2)]),
    lie: after(
      is("connection", ({ change }) => change === "closed"),
      is("phase", ({ phase }) => phase === "settled"),
    ),
    says: /after all had settled there was one more event: connection/,
  },
];

describe("the oracle notices, and no promise does", () => {
  test.each(lies)("$what", ({ planned, events, lie, says }) => {
    expect(judge(planned, events).verdict).toBe("holds");
    const { conformance, properties } = judge(planned, lie(events));
    expect(properties.filter(({ verdict }) => verdict === "violated")).toEqual([]);
    expect(conformance.answer).toBe("not-permitted");
    expect(conformance.reason).toMatch(says);
  });
});

const gaveUpInPy = bare([start, flush(), cut("gave-up"), publish(1)], { reconnectAttemptsMax: 3 }, natsPy);
const gaveUpInGo = bare([start, flush(), cut("gave-up"), publish(1)], { reconnectAttemptsMax: 3 }, natsGo);

describe("a client may repeat a report", () => {
  test.each([
    ["as often as it dials a link that greets", greeted(natsJs3), twice(says("disconnected"), 32)],
    ["that it is connected again as often as that it was not", greeted(natsJs3), eachTwice],
    ["once more as it closes while down", gaveUpInPy, twice(says("disconnected"))],
    ["once more as it gives up with the socket of its last dial", gaveUpInGo, twice(says("disconnected"))],
  ] as const)("%s", (_when, { planned, events }, repeats) => {
    expect(judge(planned, events).verdict).toBe("holds");
    expect(repeats(events).length).toBeGreaterThan(events.length);
    expect(judge(planned, repeats(events)).verdict).toBe("holds");
  });
});

test("a time may be a little shorter than a policy states, since two clocks count it", () => {
  const { planned, events } = gaveUp;
  const sooner = otherwise<"process">(isExit, event =>
    "tookMs" in event ? { ...event, tookMs: event.tookMs - 40 } : event,
  );
  expect(judge(planned, sooner(events)).conformance.answer).toBe("permitted");
});

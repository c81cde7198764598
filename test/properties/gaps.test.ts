/** The promise about gaps of best-effort families, in runs written by hand: by the scenario's time in a model, and as measured live. */
import { describe, expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Event } from "../../models/vocabulary/event.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { corePath } from "../../properties/core-path.ts";
import {
  accepted,
  arrives,
  type Case,
  calls,
  client,
  exits,
  heals,
  installs,
  judged,
  passes,
  plainly,
  policy,
  starts,
  stops,
  testCases,
  up,
} from "./service-events.ts";

const id = "core-path/a-best-effort-gap-is-no-longer-than-declared";
const ofGaps = corePath.filter(one => one.id === id);

const declaring: Policy = {
  ...policy,
  families: [...policy.families, { subjects: "news", durability: "best-effort", reason: "heals itself", gapMs: 1_000 }],
};
const news = (first: number): readonly Event[] => plainly(first, accepted, { subject: "news" });
const gap = (what: string, events: readonly Event[], rest: Partial<Case> = {}): Case => ({
  id,
  what,
  events: [...up, ...news(0), ...events, ...news(9), arrives(0), arrives(9)],
  under: declaring,
  ...rest,
});

/** The client waits 100 ms before each dial. */
const outage = (ms: number, more: readonly Event[] = []): readonly Event[] => [
  ...installs("cut"),
  client("disconnected"),
  passes(ms),
  client("reconnected"),
  ...more,
  heals,
];
const measured = (leastMs?: number, mostMs = leastMs): Event =>
  leastMs === undefined || mostMs === undefined ? { kind: "gap" } : { kind: "gap", took: { leastMs, mostMs } };
const rolled = (stopMs: number, startsAtMs: number): readonly Event[] => [
  stops(),
  exits("stopped", { tookMs: stopMs }),
  passes(startsAtMs),
  starts(0, startsAtMs),
  client("connected"),
];
const says = (how: string): string => `a subscriber of news hears nothing for ${how} ms; at most 1000 ms are declared`;

testCases(ofGaps, [
  gap("an outage and the wait of its client fit in", outage(900), { exercised: 1 }),
  gap("the client may wait for longer than is left", outage(950), { breaks: says("up to 1050") }),
  gap("the outage alone is longer than declared", outage(1_001)),
  gap("the end of a process and its start fit in", rolled(400, 600), { exercised: 1 }),
  gap("a stop takes what the start needs", rolled(401, 600), { breaks: says("1001") }),
  gap(
    "a process starts late after an outage",
    [...installs("cut"), exits("killed"), starts(), heals, ...rolled(0, 2_000)],
    {
      breaks: says("2000"),
    },
  ),
  gap("the process of another replica ends", [stops(1), exits("stopped", { replica: 1 }), passes(5_000)]),
  gap("measured, and shorter", outage(900, [measured(990)]), { exercised: 1 }),
  gap("measured, and clearly longer", outage(900, [measured(2_001)]), { breaks: says("2001") }),
  gap("measured, and longer by what a busy machine may add", outage(950, [measured(2_000)])),
  gap("measured, and longer by what the harness was late", outage(900, [measured(990, 1_500)])),
  gap("measured, and longer whatever the harness was late", outage(900, [measured(2_001, 2_500)]), {
    breaks: says("2001 to 2500"),
  }),
  gap("not measured", outage(950, [measured()])),
  gap("another fault came to it", [...installs("hold"), ...installs("cut"), passes(990), client("reconnected"), heals]),
  gap("the application closed its client", [calls("close"), ...rolled(0, 5_000)]),
  gap("a policy without a declared gap", outage(950), { under: policy }),
  { ...gap("nothing was heard since", []), events: [...up, ...news(0), ...outage(950), ...news(9), arrives(0)] },
  {
    ...gap("the first connection ends no gap", []),
    events: [starts(), passes(5_000), client("connected"), ...news(0), arrives(0)],
  },
]);

describe("the figures of a gap", () => {
  test("stand in the sentence on a run that did not break it again", () => {
    const [one] = ofGaps;
    if (one === undefined) throw new Error("there is no such property");
    const options = { subject: "other", reconnectWaitMs: 100, reconnectAttemptsMax: -1, cutsWith: "fin" } as const;
    const state = one.start({ options, profile: natsGo, policy: declaring });
    for (const event of [...up, ...outage(900, [measured(990)]), ...outage(1_500, [measured()])]) one.on(state, event);
    expect(one.measured?.(state)).toBe("the gaps were 990 ms, one that could not be measured");
    expect(judged(one, { events: [], under: declaring }).verdict).toBe("inconclusive");
  });
});

/** Every schedule within a bound: numbers checked by hand, mutants found at their shortest, and merging held against no memory. */
import { describe, expect, test } from "vitest";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../../models/profiles/nats-js-3.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import type { Options, Step } from "../../../models/vocabulary/scenario.ts";
import { brokeText, conformance } from "../../../src/findings/broke.ts";
import { alphabetOf, boundsOf, scopeOf, settingsOf, sizesOf } from "../../../src/search/exhaust/alphabet.ts";
import { type Exhaust, exhaust } from "../../../src/search/exhaust/exhaust.ts";
import { walkPaths } from "../../../src/search/exhaust/paths.ts";
import { modelSteps, pathsOf } from "../../../src/search/exhaust/world.ts";

interface Narrowed {
  readonly letters?: readonly string[];
  readonly settings?: readonly string[];
}

/** Everything that `exhaust` is asked by default, narrowed to what the test names. */
function asked(
  profile: Profile,
  publishes: number,
  faults: number,
  { letters, settings }: Narrowed = {},
): Omit<Exhaust, "world"> {
  const sizes = sizesOf(profile, publishes);
  return {
    profile,
    letters: alphabetOf(profile, scopeOf(publishes)).filter(one => letters?.includes(one.name) ?? true),
    settings: settingsOf(profile, sizes).filter(one => settings?.includes(one.name) ?? true),
    bounds: boundsOf(publishes, faults),
    statesMax: 1_000_000,
    budgetMs: 60_000,
  };
}

const kindsOf = (steps: readonly Step[] = []): string =>
  steps.map(one => (one.kind === "fault" ? one.fault.kind : one.kind)).join(" ");

const small = ["start", "publish", "cut, await noticed", "heal, await connected"];
const settings = ["default options"];

describe("a bound small enough to be counted by hand", () => {
  test("one publish, one cut, one heal: 9 schedules, and an answer more wherever a message is in flight at the cut", async () => {
    // s · sp sc · spc scp sch · spch scph schp; what spc and spch have in flight arrives or not.
    const { explored, ledgers, verdict } = await exhaust(asked(natsJs3, 1, 1, { letters: small, settings }));
    expect(verdict).toBe("holds");
    expect(explored).toHaveLength(1);
    expect(explored[0]).toMatchObject({ schedules: 9, states: 11, transitions: 11, endings: 11, depth: 4 });
    expect(ledgers).toEqual(["kept 1", "nothing published", "silentLoss 1"]);
  });

  test("a stopped server is to the client what a cut is: 16 schedules in the same 11 states", async () => {
    // t for stop-server: a schedule for each of the seven with a c in them; of 14 transitions, 3 reach what a cut has reached.
    const letters = [...small, "stop-server, await noticed"];
    const { explored } = await exhaust(asked(natsJs3, 1, 1, { letters, settings }));
    expect(explored[0]).toMatchObject({ schedules: 16, states: 11, transitions: 14, endings: 11, depth: 4 });
  });

  test("a publish that races needs the step that it races with, and ends no schedule before it", async () => {
    // s · sc · s(pc), its message sent and arrived, sent and lost, or met by the notice.
    const letters = ["start", "publish, racing with the next step", "cut, await noticed"];
    const { explored } = await exhaust(asked(natsJs3, 1, 1, { letters, settings }));
    expect(explored[0]).toMatchObject({ schedules: 3, depth: 3 });
  });

  test("with the client's own PINGs on, no schedule ends where its heal would race with them", async () => {
    // s · b may not end · bw · bwh.
    const letters = ["start", "blackhole", "await-noticed", "heal, await connected"];
    const { explored, verdict } = await exhaust(
      asked(natsJs3, 1, 1, { letters, settings: ["own PINGs every 150 ms"] }),
    );
    expect(explored[0]).toMatchObject({ schedules: 3, states: 4, depth: 4 });
    expect(verdict).toBe("holds");
  });
});

interface ShortCase {
  readonly name: string;
  readonly declared: Profile;
  readonly behaves?: Profile;
  readonly misreads?: (options: Options) => Options;
  readonly shortest: string;
  readonly killedBy: string;
  /** Steps of the shortest that breaks anything, where only the oracle tells so soon. */
  readonly sooner?: number;
}

const moreBytes =
  (bytes: number) =>
  (options: Options): Options =>
    (options.reconnectBufferBytesMax ?? 0) > 0
      ? { ...options, reconnectBufferBytesMax: (options.reconnectBufferBytesMax ?? 0) + bytes }
      : options;

const cases: readonly ShortCase[] = [
  {
    name: "wipes its buffer at each dial",
    declared: natsGo,
    behaves: { ...natsGo, reconnectBuffer: { kind: "reset-at-dial" } },
    shortest: "start cut publish",
    killedBy: "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence",
  },
  {
    name: "accepts at its limit of one frame",
    declared: natsGo,
    misreads: moreBytes(1),
    // Both messages in one burst.
    shortest: "start cut publish",
    killedBy: "reconnect-buffer/the-first-refusal-is-where-predicted",
  },
  {
    name: "takes a disabled buffer for the default",
    declared: natsGo,
    misreads: options =>
      options.reconnectBufferBytesMax === -1 ? { ...options, reconnectBufferBytesMax: 0 } : options,
    shortest: "start cut publish",
    killedBy: "reconnect-buffer/disabled-refuses-every-publish",
  },
  {
    name: "loses the unwritten tail when it is closed",
    declared: natsJs3,
    behaves: { ...natsJs3, close: { ...natsJs3.close, unwritten: "lost" } },
    shortest: "start flush together",
    killedBy: "core-path/silent-loss-only-inside-a-disturbance",
    // Before its first round trip a close may lose what was handed on, says the promise; the profile says that it does not.
    sooner: 2,
  },
];

describe("a world that does what is not declared is found by a shortest schedule", () => {
  test.each(cases)("$name: $shortest", async ({ declared, behaves, misreads, shortest, killedBy, sooner }) => {
    const space = asked(declared, 2, 1);
    const world = modelSteps(behaves ?? declared, misreads);
    const { verdict, violations } = await exhaust({ ...space, world });
    expect(verdict).toBe("violated");
    const found = violations.find(one => brokeText(one.broken) === killedBy);
    expect(kindsOf(found?.scenario.steps)).toBe(shortest);

    const walked = walkPaths({
      ...space,
      depthMax: 4,
      pathsMax: 50_000,
      world: pathsOf(declared, world),
    });
    expect(walked.violation?.scenario.steps).toHaveLength(sooner ?? found?.scenario.steps.length ?? 0);
  });

  test("what only the oracle can tell is found without memory: a drain while down that leaves the client open", () => {
    const stuck: Profile = {
      ...natsGo,
      drain: { ...natsGo.drain, whileDown: { tells: "reconnecting", leaves: "stuck" } },
    };
    const { violation } = walkPaths({
      ...asked(natsGo, 1, 1, { settings }),
      depthMax: 4,
      pathsMax: 50_000,
      world: pathsOf(natsGo, modelSteps(stuck)),
    });
    expect(violation?.broken).toEqual(conformance);
    expect(kindsOf(violation?.scenario.steps)).toBe("start cut drain");
  });
});

describe("merging equal states loses nothing", () => {
  test.each([
    { profile: natsGo, names: ["default options", "reconnectBufferBytesMax 34", "own PINGs every 150 ms"] },
    { profile: natsJs3, names: ["default options", "own PINGs every 150 ms", "gives up after 2 dials"] },
  ])(
    "$profile.name: with and without memory the same schedules end in the same ledgers",
    async ({ profile, names }) => {
      const space = { ...asked(profile, 2, 1, { settings: names }), depthMax: 5 };
      const walked = walkPaths({ ...space, pathsMax: 100_000 });
      const merged = await exhaust(space);
      expect([walked.violation, walked.complete]).toEqual([undefined, true]);
      expect(merged.violations).toEqual([]);
      expect(merged.ledgers).toEqual(walked.ledgers);
      const sum = (of: (one: (typeof merged.explored)[number]) => number): number =>
        merged.explored.reduce((all, one) => all + of(one), 0);
      expect(sum(one => one.schedules)).toBe(walked.schedules);
      expect(sum(one => one.states)).toBeLessThan(walked.paths);
      expect(sum(one => one.oracle.admitted)).toBe(sum(one => one.oracle.asked));
    },
  );
});

describe("a bound that is met", () => {
  test("makes the answer inconclusive, and says how far it got", async () => {
    const { verdict, explored } = await exhaust({ ...asked(natsJs3, 2, 1, { settings }), statesMax: 100 });
    expect(verdict).toBe("inconclusive");
    expect(explored[0]?.stopped).toBe("100 states are reached");
    expect(explored[0]?.depth).toBeLessThan(9);
  });

  test("in time, too", async () => {
    const { verdict, explored } = await exhaust({ ...asked(natsJs3, 2, 1), budgetMs: 0 });
    expect(verdict).toBe("inconclusive");
    expect(explored.map(one => one.stopped)).toEqual(explored.map(() => "0 seconds are spent"));
  });
});

/** The same planted bug, found from 20 seeds, is one counterexample: one name, one scenario, one list of answers. */
import { expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs2 } from "../../models/profiles/nats-js-2.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import { brokeText } from "../../src/findings/broke.ts";
import { nameOf } from "../../src/findings/counterexample.ts";
import { type ModelFailure, searchModel } from "../../src/search/random/model.ts";

const seeds = Array.from({ length: 20 }, (_, i) => `planted-${i}`);

interface Planted {
  readonly declared: Profile;
  readonly behaves: Profile;
  readonly steps: readonly string[];
}

const planted: Readonly<Record<string, Planted>> = {
  "wipes its buffer at each dial": {
    declared: natsGo,
    behaves: { ...natsGo, reconnectBuffer: { kind: "reset-at-dial" } },
    steps: ["start", "fault", "publish"],
  },
  "loses what is unwritten at a close": {
    declared: natsGo,
    behaves: { ...natsGo, close: { ...natsGo.close, unwritten: "lost" } },
    steps: ["start", "flush", "together"],
  },
  "says ok to a drain that lost everything": {
    declared: natsJs3,
    behaves: { ...natsJs3, drain: natsJs2.drain },
    steps: ["start", "fault", "drain"],
  },
  "fails a flush while down": {
    declared: natsGo,
    behaves: { ...natsGo, flush: natsJs3.flush },
    steps: ["start", "fault", "flush"],
  },
  "is interrupted in the midst of a burst": {
    declared: natsJs2,
    behaves: { ...natsJs2, burst: natsGo.burst },
    steps: ["start", "fault", "heal", "publish"],
  },
};

const fileOf = ({ scenario, answers, broken }: ModelFailure, profile: string): string =>
  JSON.stringify([
    nameOf({ property: brokeText(broken), bus: profile, profile, world: "model", scenario }),
    broken,
    scenario.options,
    scenario.steps,
    answers,
  ]);

test.each(Object.entries(planted))("a bus that %s", async (_what, { declared, behaves, steps }) => {
  const files = new Set<string>();
  for (const seed of seeds) {
    const search = { profile: declared, behaves, seed, runsMax: 3_000, budgetMs: 60_000, judging: {} };
    const { failure } = await searchModel(search, () => false);
    if (failure === undefined) throw new Error(`not found from ${seed}`);
    expect(failure.scenario.steps.map(one => one.kind)).toEqual(steps);
    files.add(fileOf(failure, declared.name));
  }
  expect([...files].slice(1)).toEqual([]);
});

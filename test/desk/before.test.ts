/** Two sides, before and after: what counts as a difference, and what it says. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { beforeAfter } from "../../src/desk/before/differences.ts";
import { earlierSide, isRunFolder } from "../../src/desk/before/earlier-run.ts";
import { type CostKind, costsOfFamilies, type FamilyCosts, type Side } from "../../src/desk/before/side.ts";

import { faultline, ownFolder } from "../commands/faultline.ts";

type Costs = Partial<Record<CostKind, number>>;
const run = (families: Readonly<Record<string, Costs>>): FamilyCosts =>
  new Map(
    Object.entries(families).map(([family, costs]) => [
      family,
      { published: 20, silentLoss: 0, duplicated: 0, inDoubt: 0, refused: 0, ...costs },
    ]),
  );
const side = (live: readonly Readonly<Record<string, Costs>>[], model: Readonly<Record<string, Costs>>): Side => ({
  name: "x",
  live: live.map(run),
  model: [run(model)],
});
const lost = (silentLoss: number): Readonly<Record<string, Costs>> => ({ jobs: { silentLoss } });

const told = (before: Side, after: Side) => {
  const { verdict, differences } = beforeAfter(before, after);
  return [verdict, ...differences.map(({ family, cost, is }) => `${family} ${cost} ${is}`)];
};

describe("a difference", () => {
  test("is one where every run lies beyond every other, and the model says so, too", () => {
    const [few, many] = [side([lost(0), lost(1)], lost(0)), side([lost(5), lost(20)], lost(10))];
    expect(told(many, few)).toEqual(["keep", "jobs silentLoss better"]);
    expect(told(few, many)).toEqual(["drop", "jobs silentLoss worse"]);
  });

  test("is none where the runs overlap, where the model sees none, or sees the other", () => {
    const few = side([lost(0), lost(6)], lost(0));
    expect(told(side([lost(5), lost(20)], lost(10)), few)).toEqual([
      "cannot-be-told",
      "jobs silentLoss cannot-be-told",
    ]);
    const quiet = side([lost(0)], lost(0));
    expect(told(side([lost(5)], lost(0)), quiet)).toEqual(["cannot-be-told", "jobs silentLoss cannot-be-told"]);
    expect(told(side([lost(5)], lost(0)), side([lost(0)], lost(3)))).toEqual([
      "cannot-be-told",
      "jobs silentLoss cannot-be-told",
    ]);
  });

  test("is one where most runs show it, and chance would not", () => {
    const before = side([lost(0), lost(9), lost(20), lost(5), lost(12)], lost(9));
    const after = side(
      Array.from({ length: 5 }, () => lost(0)),
      lost(0),
    );
    expect(told(before, after)).toEqual(["keep", "jobs silentLoss better"]);
    const seldom = side([lost(0), lost(0), lost(0), lost(5), lost(12)], lost(4));
    expect(told(seldom, after)).toEqual(["cannot-be-told", "jobs silentLoss cannot-be-told"]);
  });

  test("is none where only the number of messages differs", () => {
    const short = side([{ jobs: { published: 20, silentLoss: 4 } as Costs }], {
      jobs: { published: 20, silentLoss: 4 } as Costs,
    });
    const long = side([{ jobs: { published: 40, silentLoss: 8 } as Costs }], {
      jobs: { published: 40, silentLoss: 8 } as Costs,
    });
    expect(told(short, long)).toEqual(["cannot-be-told", "jobs silentLoss cannot-be-told"]);
  });

  test("needs a run that was observed to its end", () => {
    const unseen: Side = { name: "x", live: [new Map([["jobs", undefined]])], model: [run(lost(9))] };
    expect(told(unseen, side([lost(0)], lost(0)))).toEqual([
      "cannot-be-told",
      "jobs silentLoss cannot-be-told",
      "jobs duplicated cannot-be-told",
      "jobs inDoubt cannot-be-told",
      "jobs refused cannot-be-told",
    ]);
    const [better, worse] = [{ news: { silentLoss: 0 } }, { news: { silentLoss: 9 } }];
    const old = side([{ ...worse, ...lost(0) }], { ...worse, ...lost(0) });
    const blind: Side = { name: "x", live: [run(better)], model: [run({ ...better, ...lost(9) })] };
    // One family gains, and of the other nothing was seen, which the model has lose more.
    expect(told(old, blind)[0]).toBe("cannot-be-told");
  });
});

test("equal sides cannot be told from each other", () => {
  const same = side([lost(3), lost(3)], lost(3));
  expect(told(same, same)).toEqual(["cannot-be-told"]);
});

test("the worst kind of cost decides, and families that contradict each other do not", () => {
  const before = side([{ jobs: { silentLoss: 5 }, news: { refused: 0 } }], {
    jobs: { silentLoss: 5 },
    news: { refused: 0 },
  });
  const after = side([{ jobs: { silentLoss: 0 }, news: { refused: 9 } }], {
    jobs: { silentLoss: 0 },
    news: { refused: 9 },
  });
  expect(told(before, after)).toEqual(["keep", "jobs silentLoss better", "news refused worse"]);
  const one = side([{ jobs: { silentLoss: 5 }, news: {} }], { jobs: { silentLoss: 5 }, news: {} });
  const other = side([{ jobs: {}, news: { silentLoss: 5 } }], { jobs: {}, news: { silentLoss: 5 } });
  expect(told(one, other)[0]).toBe("cannot-be-told");
});

test("a gain does not outweigh a worse cost that the model alone foretells", () => {
  const before = side([{ jobs: { inDoubt: 1 } }], { jobs: { inDoubt: 1 } });
  const after = side([{ jobs: {} }], { jobs: { silentLoss: 0.5 } });
  expect(told(before, after)).toEqual(["cannot-be-told", "jobs silentLoss cannot-be-told", "jobs inDoubt better"]);
  const another = side([{ jobs: { silentLoss: 9 }, news: {} }], { jobs: { silentLoss: 9 }, news: {} });
  const worseForNews = side([{ jobs: {}, news: {} }], { jobs: {}, news: { silentLoss: 2 } });
  expect(told(another, worseForNews)[0]).toBe("cannot-be-told");
});

test("a family that published nothing, or was not observed, has no costs", () => {
  const figures = {
    ...{ subjects: "jobs", published: 10, silentLoss: 2, duplicated: 1, inDoubt: 0, notObserved: 0 },
    told: { acked: 0, accepted: 7, rejected: 3, unsettled: 0 },
  };
  expect(costsOfFamilies([figures]).get("jobs")).toEqual({
    ...{ published: 10, silentLoss: 2, duplicated: 1, inDoubt: 0, refused: 3 },
  });
  expect(costsOfFamilies([{ ...figures, notObserved: 1 }]).get("jobs")).toBe(undefined);
  expect(costsOfFamilies([{ ...figures, published: 0 }]).get("jobs")).toBe(undefined);
});

test("a run of the model alone is no earlier run, and as many runs as cannot be counted are refused", async () => {
  const cwd = ownFolder();
  const env = { FAULTLINE_NATS_SERVER: "/dev/null", FAULTLINE_TOXIPROXY: "/dev/null" };
  const { json } = await faultline(["drill", "buffer", "--policy", "core-only", "--json"], { cwd, env });
  const folder = join(cwd, json.report.slice(0, json.report.lastIndexOf("/")));
  expect(isRunFolder(folder)).toBe(true);
  expect(() => earlierSide(folder, "buffer", natsGo)).toThrow("nothing was run live");
  expect(() => earlierSide(folder, "shutdown", natsGo)).toThrow("is buffer, and shutdown is asked");
  const args = ["drill", "buffer", "--policy", "core-only", "--before", "core-only", "--runs", "11"];
  const refused = await faultline(args, { cwd, env });
  expect([refused.code, refused.stderr]).toEqual([64, expect.stringMatching(/a whole number from 1 to 10/)]);
});

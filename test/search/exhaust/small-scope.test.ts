/** All short schedules before the random ones: a planted mutant at its shortest, the same counts again, and a budget that ends it. */
import { describe, expect, test } from "vitest";
import { sampled } from "../../../models/choice.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../../models/profiles/nats-js-3.ts";
import type { Profile } from "../../../models/vocabulary/profile.ts";
import { runAnsweredCase } from "../../../src/judge/run.ts";
import { searchSmallScope } from "../../../src/search/exhaust/small-scope.ts";
import type { ModelFailure } from "../../../src/search/random/model.ts";

const wiping: Profile = { ...natsGo, reconnectBuffer: { kind: "reset-at-dial" } };

describe("the small scope", () => {
  const asked = { judging: {}, budgetMs: 60_000 };

  test("finds a planted mutant at its shortest, with the answers that lead there", async () => {
    const found = await searchSmallScope({ ...asked, profile: natsGo, behaves: wiping }, () => false);
    expect(found.failure?.scenario.steps.map(one => one.kind)).toEqual(["start", "fault", "publish"]);
    const { scenario, answers, judgement } = found.failure as ModelFailure;
    const again = { scenario, answers, profile: natsGo, otherwise: sampled("any other") };
    expect(runAnsweredCase(again, {}, wiping).judgement.digest).toBe(judgement.digest);
    expect(found.failure?.judgement.verdict).toBe("violated");
    expect(found.complete).toBe(false);
  });

  test("is complete where nothing is to be found, and counts the same again", async () => {
    const one = await searchSmallScope({ ...asked, profile: natsJs3 }, () => false);
    expect(one).toMatchObject({ complete: true });
    expect(one.failure).toBeUndefined();
    expect(await searchSmallScope({ ...asked, profile: natsJs3 }, () => false)).toEqual(one);
  });

  test("ends with the budget of the search, and says so", async () => {
    const one = await searchSmallScope({ ...asked, profile: natsGo, budgetMs: 0 }, () => false);
    expect(one.complete).toBe(false);
  });
});

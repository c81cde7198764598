/** Random scenarios as a fast-check Arbitrary: `generate` draws one seed word and expands it, `shrink` yields our reductions. */
import fc from "fast-check";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { reductions } from "./reductions.ts";
import { type ScenarioSpace, scenariosByWord } from "./scenario.ts";

class ScenarioArbitrary extends fc.Arbitrary<Scenario> {
  private readonly ofWord: (word: string) => Scenario;
  constructor(space: ScenarioSpace) {
    super();
    this.ofWord = scenariosByWord(space);
  }
  override generate(mrng: fc.Random): fc.Value<Scenario> {
    const word = mrng.nextInt(-0x80000000, 0x7fffffff) >>> 0;
    return new fc.Value(this.ofWord(word.toString(36)), undefined);
  }
  override canShrinkWithoutContext(value: unknown): value is Scenario {
    return typeof value === "object" && value !== null && "steps" in value && "options" in value;
  }
  override shrink(value: Scenario): fc.Stream<fc.Value<Scenario>> {
    return fc.stream(values(value));
  }
}

function* values(scenario: Scenario): IterableIterator<fc.Value<Scenario>> {
  for (const smaller of reductions(scenario)) yield new fc.Value(smaller, undefined);
}

/** Scenarios for one profile, seeded by fast-check and shrunk by us. */
export const scenarios = (space: ScenarioSpace): fc.Arbitrary<Scenario> => new ScenarioArbitrary(space);

/** The draw of mutation/ is a sample that can be named and repeated, and its score counts nothing twice and leaves nothing out. */
import { describe, expect, test } from "vitest";
import { draw, type Made, type Mutant, mutantsOf, mutated } from "../mutation/draw.ts";
import { figuresOf, type Outcome, render, scoreOf } from "../mutation/figures.ts";
import { sliceOf } from "../mutation/slices.ts";

const text = "const a = 1 + 2;\nconst b = 1 + 2;\n";
const plusAt = (line: number, replacement = "1 - 2"): Made => ({
  mutatorName: "ArithmeticOperator",
  replacement,
  location: { start: { line, column: 10 }, end: { line, column: 15 } },
});
const population = mutantsOf(
  "models/x.ts",
  text,
  Array.from({ length: 300 }, (_, i) => plusAt(0, `1 - ${i}`)),
);
const ids = (mutants: readonly Mutant[]): readonly string[] => mutants.map(one => one.id);

describe("a mutant", () => {
  test("keeps its id when lines are added before it, and equal ones are told apart", () => {
    const before = mutantsOf("models/x.ts", text, [plusAt(0), plusAt(1)]);
    const after = mutantsOf("models/x.ts", `\n// A comment.\n${text}`, [plusAt(2), plusAt(3)]);
    expect(ids(after)).toEqual(ids(before));
    expect(new Set(ids(before)).size).toBe(2);
    expect(after.map(one => one.start.line)).toEqual([3, 4]);
  });

  test("has another id in another file, and where it becomes something else", () => {
    const [here] = mutantsOf("models/x.ts", text, [plusAt(0)]);
    const [there] = mutantsOf("models/y.ts", text, [plusAt(0)]);
    const [otherwise] = mutantsOf("models/x.ts", text, [plusAt(0, "1 * 2")]);
    expect(new Set([here?.id, there?.id, otherwise?.id]).size).toBe(3);
  });

  test("changes what stands in its place and nothing else", () => {
    const [, second] = mutantsOf("models/x.ts", text, [plusAt(0), plusAt(1)]);
    if (second === undefined) throw new Error("there is no second mutant");
    expect(second.original).toBe("1 + 2");
    expect(mutated(text, second)).toBe("const a = 1 + 2;\nconst b = 1 - 2;\n");
  });
});

describe("a draw", () => {
  test("is as large as asked for, and the same from the same seed alone", () => {
    const drawn = draw(population, 40, "1");
    expect(drawn).toHaveLength(40);
    expect(draw(population, 40, "1")).toEqual(drawn);
    expect(draw(population, 40, "2")).not.toEqual(drawn);
    expect(draw(population, 1_000, "1")).toEqual(population);
  });

  test("lies within every larger one, and whoever joins the population displaces only by joining", () => {
    const larger = new Set(ids(draw(population, 60, "1")));
    const smaller = ids(draw(population, 40, "1"));
    expect(smaller.filter(id => !larger.has(id))).toEqual([]);
    const more = [...population, ...mutantsOf("models/y.ts", text, [plusAt(0), plusAt(1)])];
    expect(draw(more, 40, "1").filter(one => !smaller.includes(one.id)).length).toBeLessThanOrEqual(2);
  });
});

test("a concern's file of models/ is a slice by its name, and a new one needs no entry", () => {
  expect(sliceOf("models/core-path.ts")).toBe("core-path");
  expect(sliceOf("models/to-come.ts")).toBe("to-come");
  expect(sliceOf("models/state.ts")).toBe("bus");
  expect(sliceOf("models/profiles/nats-go.ts")).toBe("profiles");
  expect(sliceOf("properties/core-path.ts")).toBe("properties");
  expect(sliceOf("properties/arbitraries/random.ts")).toBe("arbitraries");
});

describe("the score", () => {
  const mutant = population[0] as Mutant;
  const listed = { id: mutant.id, original: "1 + 2", replacement: "1 - 0", reason: "adds nothing" };
  const one = (status: Outcome["tried"]["status"], more: Partial<Outcome> = {}): Outcome => ({
    mutant,
    tried: { status, by: "" },
    refusedByTypes: false,
    equivalent: undefined,
    ...more,
  });
  const outcomes = [
    one("killed"),
    one("timeout"),
    one("survived"),
    one("uncovered"),
    one("survived", { refusedByTypes: true }),
    one("survived", { equivalent: listed }),
    one("survived", { refusedByTypes: true, equivalent: listed }),
    one("error"),
  ];

  test("counts what is equivalent or does not compile as survived, and says what it is without them", () => {
    expect(scoreOf(outcomes)).toEqual({
      drawn: 7,
      killed: 2,
      timedOut: 1,
      survived: 5,
      refusedByTypes: 2,
      equivalent: 1,
      score: 28.6,
      scoreOfReal: 50,
    });
  });

  test("names every survivor by its place, and who is killed though listed", () => {
    const figures = figuresOf([...outcomes, one("killed", { equivalent: listed })], {
      seed: "1",
      share: "1",
      population: 300,
    });
    expect(figures.survivors).toHaveLength(5);
    expect(figures.killedThoughListed).toEqual([mutant.id]);
    const lines = render(figures);
    expect(lines).toContain("models/x.ts:1:11 survived [equivalent: adds nothing]");
    expect(lines).toContain(`listed as equivalent, and killed: ${mutant.id}`);
  });
});

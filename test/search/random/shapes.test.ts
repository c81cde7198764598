/** A shape is named where the plan truly has it. */
import { expect, test } from "vitest";
import { profiles } from "../../../models/profiles/index.ts";
import { natsGo } from "../../../models/profiles/nats-go.ts";
import type { Step } from "../../../models/vocabulary/scenario.ts";
import { scenarioOf } from "../../../properties/arbitraries/scenario.ts";
import { checkScenario } from "../../../src/files/scenario-schema.ts";
import { type Shape, shapeNames, shapesOf } from "../../../src/search/random/shapes.ts";
import { modelCapabilities } from "../../../src/worlds/model.ts";

type Bare = Step extends infer One ? (One extends Step ? Omit<One, "id"> : never) : never;
const shapes = (steps: readonly Bare[], options: object = {}): readonly Shape[] => {
  const scenario = checkScenario(
    {
      version: 1,
      id: "made/here",
      why: "for a test",
      options,
      steps: [{ id: "start", kind: "start" }, ...steps.map((step, i) => ({ ...step, id: `s${i}` }))],
    },
    "made here",
  );
  return [...shapesOf(scenario, natsGo)];
};

const publish: Bare = { kind: "publish", count: 5, bytes: 16 };
const frame = "PUB subject 16\r\n".length + 16 + 2;
const cut: Bare = { kind: "fault", fault: { kind: "cut", awaits: "noticed" } };
const heal: Bare = { kind: "heal", awaits: "connected" };
const limit = (bytes: number): Bare => ({ kind: "fault", fault: { kind: "limit", bytes } });

test.for<readonly [string, readonly Bare[], readonly Shape[]]>([
  ["a publish after a cut", [cut, publish, heal], ["published while down"]],
  ["a publish with no fault", [publish], []],
  ["a burst that overlaps a cut", [{ ...publish, overlap: true } as Bare, cut, heal], ["burst then cut"]],
  ["a hold that is cut", [{ kind: "fault", fault: { kind: "hold" } }, publish, cut, heal], ["held, then cut"]],
  ["a hold that is released", [{ kind: "fault", fault: { kind: "hold" } }, publish, heal], ["held, then released"]],
  ["a hold that holds nothing", [{ kind: "fault", fault: { kind: "hold" } }, heal], []],
  ["a limit of whole frames", [limit(3 * frame), publish, heal], ["cut at a frame's end"]],
  ["a limit of a byte more", [limit(3 * frame + 1), publish, heal], ["cut at a frame's end"]],
  ["a limit of a byte less", [limit(3 * frame - 1), publish, heal], ["cut a byte before a frame's end"]],
  ["a limit in the midst of a frame", [limit(3 * frame + 7), publish, heal], []],
  ["a limit never reached", [limit(6 * frame), publish, heal], []],
  ["a close while down", [cut, { kind: "close" }], ["close or drain while down"]],
  [
    "a close in one breath with a burst",
    [
      {
        kind: "together",
        steps: [
          { ...publish, id: "p" },
          { kind: "close", id: "c" },
        ],
      } as unknown as Bare,
    ],
    ["close or drain right after a burst"],
  ],
])("%s", ([_, steps, expected]) => {
  expect(shapes(steps)).toEqual(expected);
});

test("RST is a matter of the options", () => {
  expect(shapes([publish, cut, heal], { cutsWith: "rst" })).toEqual(["cut with RST"]);
});

test("the generator makes every shape at least 3 times in 100, for every profile", () => {
  for (const profile of Object.values(profiles)) {
    const counts = new Map<Shape, number>(shapeNames.map(name => [name, 0]));
    for (let i = 0; i < 1_000; i++) {
      const scenario = scenarioOf(`shapes-${i}`, { profile, capabilities: modelCapabilities(profile) });
      for (const shape of shapesOf(scenario, profile)) counts.set(shape, (counts.get(shape) ?? 0) + 1);
    }
    for (const [shape, count] of counts)
      expect([profile.name, shape, count >= 30]).toEqual([profile.name, shape, true]);
  }
});

/** A run whose waits were cut short is tried once more, alone, where the world can do that; any other run is not. */
import { expect, test } from "vitest";
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Emit, Event } from "../../models/vocabulary/event.ts";
import { parseScenario } from "../../src/files/scenario-schema.ts";
import { runCase } from "../../src/judge/run.ts";
import type { Case, Stage } from "../../src/world.ts";
import { openModel } from "../../src/worlds/model.ts";

const steps = [
  { id: "start", kind: "start" },
  { id: "flush", kind: "flush" },
  { id: "cut", kind: "fault", fault: { kind: "cut", awaits: "noticed" } },
  { id: "publish", kind: "publish", count: 5, bytes: 16 },
  { id: "heal", kind: "heal", awaits: "connected" },
];
const data = { version: 1, id: "judge/cut-short", why: "A test.", options: {}, steps };
const one = { scenario: parseScenario(JSON.stringify(data), "run.test.ts"), profile: natsGo, bus: "b", seed: "1" };

type Spoil = (event: Event) => readonly Event[];
const gaveUp: Spoil = event =>
  event.kind === "observed" ? [{ kind: "not-awaited", step: "heal", what: "the client to reconnect" }, event] : [event];
const unseen: Spoil = event => (event.kind === "observed" ? [{ ...event, complete: false }] : [event]);
const lossy: Spoil = event => (event.kind === "delivered" ? [] : [event]);
const asItIs: Spoil = event => [event];

function stageOf(first: Spoil, alone: Spoil | undefined) {
  const model = openModel(natsGo);
  const runs: string[] = [];
  const spoiled = (name: string, spoil: Spoil) => async (planned: Case, emit: Emit) => {
    runs.push(name);
    await model.run(planned, event => spoil(event).forEach(emit));
  };
  const stage: Stage = {
    ...model,
    run: spoiled("beside", first),
    ...(alone === undefined ? {} : { runAlone: spoiled("alone", alone) }),
  };
  return { stage, runs };
}

test.each([
  ["a wait that was given up", gaveUp, asItIs, ["beside", "alone"], "holds"],
  ["an observer that could not see everything", unseen, asItIs, ["beside", "alone"], "holds"],
  ["a wait that is given up twice", gaveUp, gaveUp, ["beside", "alone"], "inconclusive"],
  ["a wait that was given up, where nothing can run alone", gaveUp, undefined, ["beside"], "inconclusive"],
  ["a loss", lossy, asItIs, ["beside"], "violated"],
  ["nothing wrong", asItIs, lossy, ["beside"], "holds"],
] as const)("%s", async (_what, first, alone, ran, verdict) => {
  const { stage, runs } = stageOf(first, alone);
  const { judgement } = await runCase(stage, one);
  expect([runs, judgement.verdict]).toEqual([ran, verdict]);
});

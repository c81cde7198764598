/** A failure made readable: what broke by its name, why without it, and each step with what became of it. */
import { expect, test } from "vitest";
import { planCase } from "../../models/plan/plan.ts";
import { natsGo } from "../../models/profiles/nats-go.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { allBrokenBy, brokeText, expectation, whyBroken } from "../../src/findings/broke.ts";
import { judge } from "../../src/judge/judge.ts";
import { renderFailure, renderSteps } from "../../src/report/failure.ts";
import { plain } from "../../src/report/paint.ts";
import { cut, eventsOf, flush, heal, publish, scenarioWith, start } from "../models/cases.ts";
import { job, sound, subscribe, underPolicy } from "../models/policies.ts";

test("a step shows each fate on a line, and everything else that happened on one more", () => {
  const scenario = underPolicy(sound, [start, subscribe(0), job(1), job(2), cut()]);
  const lines = renderSteps(scenario, eventsOf(scenario, natsGo), plain).split("\n");
  const at = lines.findIndex(line => line.includes("publish-3"));
  expect(lines.slice(at, at + 3).map(line => line.trim().split(/ {2,}/).at(-1))).toEqual([
    "messages 1-2 acked, stored",
    "replica 0 is given messages 1-2 at 0 ms: acked",
    "the client says disconnected; cut took effect; replica 0 says not ready, live, and is not connected, its durable path not usable",
  ]);
});

test("everything that broke is named, and its reason does not repeat the name", () => {
  const outage = scenarioWith([start, publish(1), flush(), cut(), publish(5), heal()]);
  const expecting: Scenario = { ...outage, expect: { "nats-go": { fact: "all arrive", classes: { kept: 6 } } } };
  const events = eventsOf(expecting, natsJs3);
  const judgement = judge(planCase(expecting, natsGo), events);
  const reasons = [...allBrokenBy(judgement), expectation].map(broken => {
    const reason = whyBroken(judgement, broken, expecting.expect["nats-go"]);
    const { ledger } = judgement;
    const shown = renderFailure({ scenario: expecting, broken, reason, ledger, events, story: "" }, plain).split("\n");
    expect(shown.slice(0, 2)).toEqual([`✗ ${brokeText(broken)}`, `  ${reason}`]);
    return `${brokeText(broken)} | ${reason}`;
  });
  expect(reasons).toEqual([
    "reconnect-buffer/below-the-limit-all-arrive-in-order | message 1 was kept below the limit of 8388608 bytes and did not arrive",
    "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence | message 1 was accepted while down and did not arrive",
    "conformance | the model says message 1 arrives as number 2; nothing more arrived (at settle, after 1 of 1 deliveries matched)",
    "expect | kept is 1; expected 6",
  ]);
});

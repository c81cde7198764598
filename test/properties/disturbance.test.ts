/** When a run under a policy shows anything: what a fault has met, beside messages under way. */
import { expect, test } from "vitest";
import type { Event } from "../../models/vocabulary/event.ts";
import { isCalm, newDisturbance, trackDisturbance } from "../../properties/disturbance.ts";
import { isDisturbed, newEffect, trackEffect, whyVacuous } from "../../properties/effect.ts";
import {
  accepted,
  acked,
  calls,
  client,
  durably,
  exits,
  heals,
  installs,
  plainly,
  starts,
  stops,
  up,
} from "./service-events.ts";

const effectOf = (...events: readonly Event[]) => {
  const effect = newEffect();
  for (const event of events) trackEffect(effect, event);
  return { vacuous: whyVacuous(effect), disturbed: isDisturbed(effect) };
};
const fine = { vacuous: undefined, disturbed: true };
const took = (
  fault: "cut" | "stop-server" | "power-loss" | "refuse-credentials" | "server-error" | "cut-server",
): Event => ({
  kind: "fault",
  step: "s",
  fault,
  phase: "took-effect",
});

test("a process that starts under a fault has met it", () => {
  const away = [...installs("refuse-credentials"), took("refuse-credentials")];
  expect(effectOf(...away, starts(), exits("credentials"))).toEqual(fine);
  expect(effectOf(...away, heals, ...up, ...plainly(0, accepted)).vacuous).toMatch(
    /refuse-credentials. met no message/,
  );
});

test("the end of a server has met what its streams hold, the end of a connection has not", () => {
  const stored = [...up, ...durably(0, acked), calls("flush")];
  expect(effectOf(...stored, ...installs("stop-server"), took("stop-server"))).toEqual(fine);
  expect(effectOf(...stored, ...installs("power-loss"), took("power-loss"))).toEqual(fine);
  expect(effectOf(...stored, ...installs("cut"), took("cut")).vacuous).toMatch(/cut. met no message/);
  expect(
    effectOf(...up, ...plainly(0, accepted), calls("flush"), ...installs("stop-server"), took("stop-server")),
  ).toEqual({
    vacuous: expect.stringMatching(/stop-server. met no message/),
    disturbed: false,
  });
});

test("a fault that is over at once is in force for nothing, and met by what is published after it", () => {
  const said = [...up, ...plainly(0, accepted), calls("flush"), ...installs("server-error"), took("server-error")];
  expect(effectOf(...said).vacuous).toMatch(/server-error. met no message/);
  expect(effectOf(...said, ...plainly(1, accepted))).toEqual(fine);
  expect(effectOf(...up, ...plainly(0, accepted), ...installs("server-error")).vacuous).toMatch(/never took effect/);
  const thenCut = [...said, ...installs("cut"), took("cut"), heals, ...plainly(1, accepted)];
  expect(effectOf(...thenCut).vacuous).toMatch(/cut. met no message/);
});

test("the loss of one server of a pool is over once the client is back, and met by what is published next", () => {
  const hop = [...installs("cut-server"), client("disconnected"), took("cut-server"), client("reconnected")];
  const flushed = [...up, ...plainly(0, accepted), calls("flush"), ...hop];
  expect(effectOf(...flushed).vacuous).toMatch(/cut-server. met no message/);
  expect(effectOf(...flushed, ...plainly(1, accepted))).toEqual(fine);
  expect(effectOf(...up, ...plainly(0, accepted), ...hop)).toEqual(fine);
  const state = newDisturbance();
  const calm = [...up, ...hop].map(event => {
    trackDisturbance(state, event);
    return isCalm(state);
  });
  expect(calm.at(-1)).toBe(true);
  expect(calm.slice(-5, -1)).not.toContain(true);
});

test("a run without a message is about a process that ends, or about nothing", () => {
  expect(effectOf(...up).vacuous).toBe("nothing was published");
  expect(effectOf(...up, stops()).vacuous).toBe("nothing was published");
  expect(effectOf(...up, stops(), exits("stopped"))).toEqual({ vacuous: undefined, disturbed: false });
  expect(effectOf(client("connected")).vacuous).toBe("nothing was published");
});

/** Scenarios and pieces of profiles that mutants of several tables share. */
import { natsGo } from "../../models/profiles/nats-go.ts";
import type { Profile } from "../../models/vocabulary/profile.ts";
import type { Options, Scenario } from "../../models/vocabulary/scenario.ts";
import { type Bare, cut, flush, heal, publish, scenarioWith, start } from "../models/cases.ts";

function keptBy({ reconnectBuffer }: Profile): Extract<Profile["reconnectBuffer"], { kind: "kept" }> {
  if (reconnectBuffer.kind !== "kept")
    throw new Error("nats-go keeps what is published while down: the zoo is built on it");
  return reconnectBuffer;
}

export const kept = keptBy(natsGo);

export const resetAtDial = (profile: Profile): Profile => ({ ...profile, reconnectBuffer: { kind: "reset-at-dial" } });

/** The first row of table 1. */
export const whileDown = (options: Partial<Options> = {}, ...more: readonly Bare[]): Scenario =>
  scenarioWith([start, publish(10), flush(), cut(), ...more, publish(50), heal(), flush()], options);

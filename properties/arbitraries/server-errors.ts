/** The beginning of a bare client's scenario where the server says an error. */
import { serverErrorTexts } from "../../models/vocabulary/scenario.ts";
import { fault, flush, publish, type ScenarioDraft } from "./draft.ts";

/** How often a scenario begins with an error that the server says. */
export const errorChance = 1 / 16;

/**
 * The server says an error on a connection that is flushed. It comes first, and of draws that are no other's: what else a seed makes is
 * what it made before there was such a fault. Gives back whether the client goes on.
 */
export function serverError(draft: ScenarioDraft): boolean {
  const { random, profile } = draft;
  const text = random.pick(serverErrorTexts);
  publish(draft);
  flush(draft);
  fault(draft, { kind: "server-error", text, closes: random.chance(0.5) });
  publish(draft);
  return profile.serverError[text] !== "closes";
}

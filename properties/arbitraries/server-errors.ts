/** The beginning of a bare client's scenario where the server says an error. */
import { serverErrorTexts } from "../../models/vocabulary/scenario.ts";
import { fault, flush, publish, type ScenarioDraft } from "./draft.ts";

/** The share of scenarios that begin with a server error. */
export const errorChance = 1 / 16;

/**
 * The server says an error on a connection that is flushed. It comes first, and uses separate draws: the rest of a scenario is what its
 * seed made before this fault existed. Returns true where the client goes on.
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

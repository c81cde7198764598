/** The parts of a policy that the model leaves out: an answer about the policy must not be taken for one about them. */
import { notModelled } from "../../models/policy/not-modelled.ts";
import type { Policy } from "../../models/vocabulary/policy.ts";
import { placeText } from "../files/json.ts";
import type { Paint } from "./paint.ts";

export interface NotModelledShown {
  /** The path in the policy's file, such as `streams[0].ageMaxMs`. */
  readonly place: string;
  readonly means: string;
}

export const notModelledShown = (policy: Policy | undefined): readonly NotModelledShown[] =>
  policy === undefined ? [] : notModelled(policy).map(({ place, means }) => ({ place: placeText(place), means }));

/** Nothing where all is modelled. */
export function renderNotModelled(all: readonly NotModelledShown[], paint: Paint): string {
  if (all.length === 0) return "";
  const lines = all.map(({ place, means }) => `  ${paint("yellow", "!")} ${place}: ${means}`);
  return [paint("bold", paint("yellow", "Not modelled, so this answer does not cover it")), ...lines].join("\n");
}

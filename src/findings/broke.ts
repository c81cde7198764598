/**
 * The first thing that a violated case broke, as data: a promise, conformance with the model, or an expectation that was typed in for the
 * profile. In JSON and in files it is one word, which only this file writes and reads.
 */
import type { Scenario } from "../../models/vocabulary/scenario.ts";
import { brokenInOrder } from "../judge/headline.ts";
import { type Judgement, whyUnmet } from "../judge/judge.ts";

export type Broke =
  | { readonly kind: "promise"; readonly property: string }
  | { readonly kind: "conformance" }
  | { readonly kind: "expectation" };

export const conformance: Broke = { kind: "conformance" };
export const expectation: Broke = { kind: "expectation" };
export const promise = (property: string): Broke => ({ kind: "promise", property });

/** The word for it: a property's id, `conformance` or `expect`. */
export function brokeText(broke: Broke): string {
  switch (broke.kind) {
    case "promise":
      return broke.property;
    case "conformance":
      return "conformance";
    case "expectation":
      return "expect";
  }
}

/** The meaning of a word in a file. */
export function brokeOf(word: string): Broke {
  if (word === "conformance") return conformance;
  return word === "expect" ? expectation : promise(word);
}

/** A promise's concern, which is the part of its id that several promises share; of anything else its own word. */
export const concernOf = (broke: Broke): string => brokeText(broke).replace(/\/.*$/s, "");

/** The part of a promise's id that is its own; of anything else the word for it. */
export const claimOf = (broke: Broke): string => brokeText(broke).replace(/^.*\//s, "");

export const isSame = (one: Broke, other: Broke): boolean => brokeText(one) === brokeText(other);

/** A broken promise names what the oracle only calls "not permitted": it is the better case of the same disagreement. */
export const isSameBug = (first: Broke, now: Broke): boolean => first.kind === "conformance" || isSame(first, now);

/** All that a violated case broke: promises in the order of `brokenInOrder`, then conformance; the expectation where it is that alone. */
export function allBrokenBy({ verdict, properties, conformance: { answer } }: Judgement): readonly Broke[] {
  if (verdict !== "violated") return [];
  const promises = brokenInOrder(properties).map(one => promise(one.property));
  const broken = answer === "not-permitted" ? [...promises, conformance] : promises;
  return broken.length === 0 ? [expectation] : broken;
}

/** The first thing that a violated case broke. Undefined where the verdict is another. */
export const brokenBy = (judgement: Judgement): Broke | undefined => allBrokenBy(judgement)[0];

/** True where the case breaks this promise, or conformance. Expectations belong to the corpus, and search does not look for them. */
export function breaks({ properties, conformance: { answer } }: Judgement, broke: Broke): boolean {
  switch (broke.kind) {
    case "promise":
      return properties.some(one => one.property === broke.property && one.verdict === "violated");
    case "conformance":
      return answer === "not-permitted";
    case "expectation":
      return false;
  }
}

/** The reason why something is broken, without its name; `expected` is the scenario's expectation of the profile, if it has one. */
export function whyBroken(judgement: Judgement, broke: Broke, expected?: Scenario["expect"][string]): string {
  const { properties, conformance, ledger, reason } = judgement;
  switch (broke.kind) {
    case "promise":
      return properties.find(one => one.property === broke.property)?.reason ?? reason;
    case "conformance":
      return conformance.answer === "permitted" ? reason : conformance.reason;
    case "expectation":
      return (expected && whyUnmet(ledger, expected.classes)) ?? reason;
  }
}

/** A reason behind the word for what it is about, as files and reports have it. */
export const reasonText = ({ about, reason }: Pick<Judgement, "about" | "reason">): string =>
  about === undefined ? reason : `${brokeText(about)}: ${reason}`;

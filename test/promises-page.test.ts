/** docs/promises.md is current, and every promise says in plain sentences who must act and what breaks it. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { catalogue } from "../properties/catalogue.ts";
import { owners } from "../properties/property.ts";
import { listedPromises } from "../src/findings/promises.ts";
import { renderPromisesPage } from "../src/report/promises.ts";

const page = readFileSync(new URL("../docs/promises.md", import.meta.url), "utf8");

test("the page is what `npm run promises` writes", () => {
  expect(page).toBe(`${renderPromisesPage(listedPromises())}\n`);
});

test("the page has every promise once, below its concern", () => {
  const headings = [...page.matchAll(/^### (.+)$/gm)].map(([, id]) => id);
  expect(headings).toEqual(catalogue.map(({ id }) => id));
  const concerns = [...page.matchAll(/^## (.+)$/gm)].map(([, concern]) => concern);
  expect(concerns).toEqual(["core-path", "reconnect-buffer", "durable-path", "shutdown", "cold-start", "connection"]);
});

/** Complaints about what is said of a promise's causes. */
function complaints(causes: string): readonly string[] {
  const sentences = causes.split(/(?<=\.) (?=[A-Z]|nats)/);
  return [
    ...(sentences.length > 2 ? [`${sentences.length} sentences`] : []),
    ...sentences.filter(one => !/^([A-Z]|nats[.-]).*\.$/.test(one)).map(one => `no sentence: ${one}`),
    ...sentences.filter(one => one.split(" ").length > 30).map(one => `too long: ${one}`),
  ];
}

test.each(catalogue.map(one => [one.id, one] as const))(
  "%s has an owner, and causes in two short sentences",
  (_, one) => {
    expect(owners).toContain(one.owner);
    expect(complaints(one.causes)).toEqual([]);
  },
);

test("causes that are no sentence, too many or too long are noticed", () => {
  expect(complaints("It stops. It ends. It is gone.")).toEqual(["3 sentences"]);
  expect(complaints("it stops")).toEqual(["no sentence: it stops"]);
  expect(complaints(`It${" stops".repeat(30)}.`)).toHaveLength(1);
});

test("every owner has promises", () => {
  expect(new Set(catalogue.map(({ owner }) => owner))).toEqual(new Set(owners));
});

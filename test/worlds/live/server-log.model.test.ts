/** The lines are those of nats-server 2.15.2, read from a run; addresses and ids are others. */
import { expect, test } from "vitest";
import { ClientLog } from "../../../src/worlds/live/server-log.ts";

const head = "[42] 2026/11/29 08:31:45.947878";
const of = (level: string, client: string, text: string): string =>
  `${head} [${level}] 127.0.0.1:54202 - cid:6 - "${client}" - ${text}`;

function logOf(...lines: readonly string[]): ClientLog {
  const log = new ClientLog();
  for (const line of lines) log.add(line);
  return log;
}

test("an error and a warning about a client are kept under its name", () => {
  const log = logOf(
    of("ERR", "v1.48.0:go:faultline-7", "maximum payload exceeded: 99999999 vs 1048576"),
    of("WRN", "v3.4.0:nats.js:faultline-8", "Readloop processing time: 2s"),
  );
  expect(log.about("faultline-7")).toEqual(["maximum payload exceeded: 99999999 vs 1048576"]);
  expect(log.about("faultline-8")).toEqual(["Readloop processing time: 2s"]);
});

test("a client that tells only its name is known by it", () => {
  expect(logOf(of("ERR", "faultline-7", "authentication error")).about("faultline-7")).toEqual([
    "authentication error",
  ]);
});

test("what the server says in passing, or about itself or another client, is not kept", () => {
  const log = logOf(
    of("INF", "v1.48.0:go:faultline-7", "Reloaded"),
    `${head} [ERR] Error opening store: no space left`,
    of("ERR", "v1.48.0:go:faultline-77", "authentication error"),
    "",
  );
  expect(log.about("faultline-7")).toEqual([]);
});

test("an error at every dial is kept once", () => {
  const refused = of("ERR", "v1.48.0:go:faultline-7", "authentication error");
  expect(logOf(refused, refused, refused).about("faultline-7")).toEqual(["authentication error"]);
});

test("a log of any length keeps the last 200", () => {
  const lines = Array.from({ length: 300 }, (_, i) => of("ERR", "faultline-7", `error ${i}`));
  const kept = logOf(...lines).about("faultline-7");
  expect(kept).toHaveLength(200);
  expect(kept.at(-1)).toBe("error 299");
});

/** A bus whose wrapper adds headers is not held to what happens at a byte, and to everything else it is. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { faultline, root } from "./faultline.ts";

const atAByte = "core-path/cut-at-the-end-of-frame-20-delivers-20";
const flushed = "core-path/a-flush-between-two-bursts-keeps-the-first";

async function replayed(lie: string, id: string) {
  const scenario = join(root, `fixtures/scenarios/${id}.json`);
  const bus = `node ${join(root, "test/commands/lies-of-a-bus.mjs")} ${lie}`;
  const run = ["--world", "live", "--bus", bus, "--times", "1", "--lanes", "1", "--json"];
  const { json } = await faultline(["replay", scenario, ...run]);
  return json.verdicts[0];
}

test("a bus that adds headers is not accused of a limit that falls elsewhere, and is told why", async () => {
  const { verdict, reason, properties } = await replayed("adds-headers", atAByte);
  expect([verdict, reason]).toEqual([
    "inconclusive",
    "the bus adds 82 bytes of headers to each message, which the profile does not know, so what depends on bytes is not judged. " +
      "A bus has to send no headers (fixtures/buses/protocol.md)",
  ]);
  expect(properties.filter((one: { readonly verdict: string }) => one.verdict === "violated")).toEqual([]);
});

test("where nothing depends on bytes it holds", async () => {
  const { verdict, reason } = await replayed("adds-headers", flushed);
  expect(verdict, reason).toBe("holds");
});

test("one that drops what it has flushed is convicted, all the same", async () => {
  const { verdict, reason } = await replayed("adds-headers-and-drops", flushed);
  expect([verdict, reason]).toEqual([
    "violated",
    "core-path/flushed-messages-arrive: message 2 was flushed and did not arrive",
  ]);
});

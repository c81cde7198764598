/** Anyone who writes a bus copies from fixtures/buses/protocol.md, so each example in it must be right, and none may be missing. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { busCapabilities } from "../../src/bus-protocol/protocol.ts";
import { commandSchema, eventSchema, replySchema, replySchemas } from "../../src/bus-protocol/schema.ts";

const page = readFileSync(new URL("../../fixtures/buses/protocol.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/```json\n(.*?)```/gs)]
  .flatMap(([, block]) => (block ?? "").trim().split("\n"))
  .map(line => JSON.parse(line));
const commands = examples.filter(message => "do" in message).map(message => commandSchema.parse(message));
const events = examples.filter(message => "event" in message).map(message => eventSchema.parse(message));
const replies = examples.filter(message => !("do" in message || "event" in message));

test("every reply answers the command with its id, in the shape that this command asks for", () => {
  for (const reply of replies) {
    const { id, ...body } = replySchema.parse(reply);
    const command = commands.find(each => each.id === id);
    expect(command, `no command has the id ${id}`).toBeDefined();
    if (!("error" in body) && command) replySchemas[command.do].parse(body);
  }
});

test("every kind of command has an example, and so has its reply", () => {
  for (const name of Object.keys(replySchemas)) {
    const answered = commands.filter(each => each.do === name && replies.some(reply => reply.id === each.id));
    expect(answered, name).not.toEqual([]);
  }
  expect(replies.some(reply => "error" in reply)).toBe(true);
});

test("every kind of event has an example", () => {
  const kinds = new Set(events.map(event => (event.event === "connection" ? event.change : event.event)));
  expect([...kinds].toSorted()).toEqual([
    "attempt",
    "closed",
    "connected",
    "disconnected",
    "ending",
    "handled",
    "opened",
    "path",
    "reconnected",
    "stale",
    "stopping",
  ]);
});

test("every capability of a bus is explained", () => {
  for (const capability of busCapabilities) expect(page).toContain(`\`${capability}\``);
});

/** Secrets within a command line for a bus: masked in what is shown, whole in what is run. */
import { describe, expect, test } from "vitest";
import { findBus } from "../../src/bus-protocol/registry.ts";
import { cleaned, jsonText } from "../../src/text/clean.ts";
import { holdsMask, maskAdvice, maskedCommand } from "../../src/text/secrets.ts";

const secret = "hunter2-correct-horse";

describe("the secret is masked, and the command runs with it", () => {
  test.for([
    [`TOKEN=${secret} node bus.mjs`],
    [`A=1 TOKEN='${secret}' node bus.mjs --port 3`],
    [`TOKEN="${secret} and more" node bus.mjs`],
    [`cd x && PLAIN=${secret} exec node bus.mjs`],
    [`env K=${secret} node bus.mjs`],
    [`node bus.mjs --password ${secret}`],
    [`node bus.mjs --password=${secret}`],
    [`node bus.mjs --nats-token '${secret}'`],
    [`node bus.mjs --api-key "${secret}"`],
    [`node bus.mjs nats://user:${secret}@127.0.0.1:4222`],
    [`node bus.mjs --url=nats://${secret}@127.0.0.1`],
    [`node bus.mjs -H "Authorization: Bearer ${secret}"`],
  ])("%s", ([line = ""]) => {
    const { name, command } = findBus(line);
    expect(name).not.toContain("hunter2");
    expect(name).toMatch(/…[0-9a-f]{4}/);
    expect(command.join(" ")).toContain(secret);
    // It is known by its masked line from then on.
    expect(findBus(name)).toEqual(findBus(line));
    expect(maskedCommand(name)).toBe(name);
    expect([holdsMask(name), holdsMask(line)]).toEqual([true, false]);
    expect(maskAdvice(name)).toContain("--bus");
  });
});

test("the same secret has the same mask, and another one another", () => {
  const [one, again, other] = ["aaaa-bbbb", "aaaa-bbbb", "aaaa-bbbc"].map(value => maskedCommand(`T=${value} node x`));
  expect([one === again, one === other]).toEqual([true, false]);
});

test.for([
  ["node bus.mjs"],
  ["node bus.mjs --seed 5 --name=x"],
  ["go-nats-go"],
  ["./bus --url nats://127.0.0.1:4222"],
  ["python3 my_bus.py 'a = b'"],
])("a line without a secret stays as it is: %s", ([line = ""]) => {
  expect([maskedCommand(line), maskAdvice(line)]).toEqual([line, ""]);
});

test("a secret that a bus prints is masked in text and in JSON", () => {
  maskedCommand("TOKEN=swordfish-42 node bus.mjs");
  expect(cleaned("+ TOKEN=swordfish-42")).not.toContain("swordfish");
  expect(jsonText({ a: ["the token is swordfish-42"] })).not.toContain("swordfish");
});

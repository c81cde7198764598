/**
 * Tries every fault of a link and of a server on raw sockets before the first live case, in well under a second: a verdict is
 * worth no more than the fault it rests on. What fails here is a capability the live world does not have, so cases that need it are
 * not run. The claims are in self-test-link.ts and self-test-server.ts.
 */
import type { Capability } from "../../../models/vocabulary/scenario.ts";
import { isDoneWithin } from "./guard.ts";
import type { NatsServer } from "./nats-server.ts";
import type { Check } from "./self-test-check.ts";
import { linkChecks } from "./self-test-link.ts";
import { serverChecks } from "./self-test-server.ts";
import { Sink } from "./sockets.ts";
import type { Link } from "./toxiproxy.ts";

export interface Finding {
  /** A claim about the link or the server. */
  readonly name: string;
  /** What the live world can do only if it holds. */
  readonly neededFor: readonly Capability[];
  readonly ok: boolean;
  /** What was seen instead; empty where the claim holds. */
  readonly detail: string;
}

export interface SelfTest {
  /** What it has been seen to do. */
  readonly capabilities: readonly Capability[];
  readonly findings: readonly Finding[];
}

const checkBoundMs = 3_000;

/** `makeLink` gives a link, not open yet, to a server port of ours. It is called once for each claim. */
export function testInjector(makeLink: (serverPort: number) => Link): Promise<SelfTest> {
  return tryAll(linkChecks, async run => {
    const sink = await Sink.open();
    const link = makeLink(sink.port);
    try {
      await run({ link, sink });
    } finally {
      sink.close();
      if (link.isOpen) await link.cut();
    }
  });
}

/** The server is without clients and streams, and is left so. */
export function testServer(server: NatsServer): Promise<SelfTest> {
  return tryAll(serverChecks, async run => {
    try {
      await run(server);
    } catch (error) {
      // Each check that ends well has brought the server back.
      await server.restart({ store: "lost" });
      throw error;
    }
  });
}

/** `prepared` runs a check on what it needs, and tidies up after it. */
async function tryAll<S>(
  checks: readonly Check<S>[],
  prepared: (run: (stage: S) => Promise<void>) => Promise<void>,
): Promise<SelfTest> {
  const findings: Finding[] = [];
  for (const { name, neededFor, run } of checks) {
    const detail = await failureOf(() => prepared(stage => inTime(run(stage))));
    findings.push({ name, neededFor, ok: detail === "", detail });
  }
  const missing = new Set(findings.filter(({ ok }) => !ok).flatMap(({ neededFor }) => neededFor));
  const tried = new Set(checks.flatMap(({ neededFor }) => neededFor));
  return { capabilities: [...tried].filter(capability => !missing.has(capability)), findings };
}

async function inTime(run: Promise<void>): Promise<void> {
  if (!(await isDoneWithin(run, checkBoundMs))) throw new Error(`not settled within ${checkBoundMs} ms`);
}

async function failureOf(run: () => Promise<void>): Promise<string> {
  try {
    await run();
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

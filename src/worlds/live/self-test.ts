/**
 * Tries every fault of a link and of a server on raw sockets before the first live case, in well under a second. A verdict is worth no more
 * than the fault behind it. A claim that fails here is a capability that was not shown. Cases that need it are inconclusive, since the bus
 * could run them. The claims are in self-test-link.ts and self-test-server.ts.
 */
import type { Capability } from "../../../models/vocabulary/scenario.ts";
import { isDoneWithin } from "./guard.ts";
import type { NatsServer } from "./nats-server.ts";
import { Relay } from "./relay.ts";
import type { Check } from "./self-test-check.ts";
import { type LinkStage, linkChecks } from "./self-test-link.ts";
import { serverChecks } from "./self-test-server.ts";
import { Sink } from "./sockets.ts";
import type { Link } from "./toxiproxy.ts";

export interface CheckedClaim {
  /** A claim about the link or the server. */
  readonly name: string;
  /** Capabilities of the live world that depend on the claim. */
  readonly neededFor: readonly Capability[];
  readonly ok: boolean;
  /** The observation that contradicts the claim; empty where it holds. */
  readonly detail: string;
}

export interface SelfTest {
  /** Capabilities that were seen to work. */
  readonly capabilities: readonly Capability[];
  readonly findings: readonly CheckedClaim[];
}

/**
 * The time limit of a check. Claims rest on barriers and never on time, so a late one is worth as much as one in time. A machine that
 * stands still for some seconds costs time, and no capability.
 */
export interface Patience {
  readonly checkMs: number;
  /** The additional time that all checks together may take. */
  readonly moreMs: number;
}

const patienceHere: Patience = { checkMs: 3_000, moreMs: 10_000 };
/** Longer than one call to a server that does not answer. */
const lettingGoMs = 6_000;

/** The parts that a check is tried on. */
interface Bench<S> {
  readonly stage: S;
  /** Ends what a check still waits for. */
  letGo(): void;
  tidy(hasFailed: boolean): Promise<void>;
}

/** `makeLink` returns a link, not open yet, to a port of the harness. It is called once for each claim. */
export function testInjector(
  makeLink: (serverPort: number) => Link,
  patience = patienceHere,
  openRelay = (serverPort: number): Promise<Relay> => Relay.start(0, serverPort),
): Promise<SelfTest> {
  const prepare = async (): Promise<Bench<LinkStage>> => {
    const sink = await Sink.open();
    const link = makeLink(sink.port);
    const tidy = async (): Promise<void> => {
      if (link.isOpen) await link.cut();
    };
    return { stage: { link, sink, openRelay: () => openRelay(sink.port) }, letGo: () => sink.close(), tidy };
  };
  return tryAll(linkChecks, prepare, patience);
}

/** The server has no clients and no streams, before and after. */
export function testServer(server: NatsServer, patience = patienceHere): Promise<SelfTest> {
  // Each check that ends well has brought the server back.
  const tidy = async (hasFailed: boolean): Promise<void> => {
    if (hasFailed) await server.restart({ store: "lost" });
  };
  return tryAll(serverChecks, async () => ({ stage: server, letGo: () => {}, tidy }), patience);
}

async function tryAll<S>(
  checks: readonly Check<S>[],
  prepare: () => Promise<Bench<S>>,
  { checkMs, moreMs }: Patience,
): Promise<SelfTest> {
  const findings: CheckedClaim[] = [];
  let moreLeftMs = moreMs;
  for (const check of checks) {
    const began = performance.now();
    const detail = await whyNot(check, await prepare(), checkMs + moreLeftMs);
    moreLeftMs = Math.max(0, moreLeftMs - Math.max(0, Math.round(performance.now() - began) - checkMs));
    findings.push({ name: check.name, neededFor: check.neededFor, ok: detail === "", detail });
  }
  const missing = new Set(unproven(findings));
  const tried = new Set(checks.flatMap(({ neededFor }) => neededFor));
  return { capabilities: [...tried].filter(capability => !missing.has(capability)), findings };
}

/** The capabilities that the injector did not show. */
export const unproven = (findings: readonly CheckedClaim[]): readonly Capability[] => [
  ...new Set(findings.filter(({ ok }) => !ok).flatMap(({ neededFor }) => neededFor)),
];

/** The reason why the claim fails; empty where it holds. */
async function whyNot<S>({ run }: Check<S>, { stage, letGo, tidy }: Bench<S>, boundMs: number): Promise<string> {
  const running = run(stage);
  const detail = await failureOf(() => inTime(running, boundMs));
  letGo();
  // A check that was given up still holds the link or the server, and would leave it to the next check in a wrong state.
  await isDoneWithin(
    running.catch(() => {}),
    lettingGoMs,
  );
  const untidy = await failureOf(() => tidy(detail !== ""));
  return detail === "" ? untidy : detail;
}

async function inTime(run: Promise<void>, boundMs: number): Promise<void> {
  if (!(await isDoneWithin(run, boundMs))) throw new Error(`not settled within ${boundMs} ms`);
}

async function failureOf(run: () => Promise<void>): Promise<string> {
  try {
    await run();
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * One run that is killed again and again, and gone on with each time until it is through. Says what each kill left, and what the run
 * came to in the end; the caller holds that against a run that nobody disturbed.
 */
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { readJournal } from "../../src/runs/journal.ts";
import { checkKept, checkPrinted } from "../documents.ts";
import { leftAfter, leftovers, listenersWith, living, runIn, startHarness } from "./killed.ts";

export interface Kill {
  readonly pid: number | undefined;
  readonly afterMs: number;
  /** When it came. */
  readonly processes: number;
  readonly listeners: number;
  /** Recorded by then. */
  readonly cases: number;
  /** Processes and listeners 5 s later. */
  readonly left: readonly string[];
  readonly goneMs: number;
  /** For the next harness to reap. */
  readonly folders: number;
}

export interface Survived {
  readonly kills: readonly Kill[];
  /** Of all the killed, once the last harness was through. */
  readonly foldersLeft: readonly string[];
  readonly exitCode: number | null;
  // biome-ignore lint/suspicious/noExplicitAny: the callers say what they expect of it.
  readonly document: any;
}

const leftBoundMs = 5_000;

/** `nextKillMs` says when to kill the next one, after its start; undefined: let it be. */
export async function survive(
  args: readonly string[],
  cwd: string,
  nextKillMs: () => number | undefined,
): Promise<Survived> {
  const kills: Kill[] = [];
  for (;;) {
    const run = runIn(cwd);
    const { child, mark } = startHarness([...args, "--json", ...(run === undefined ? [] : ["--resume", run])], cwd);
    if (child.stdout === null || child.stderr === null) throw new Error("the harness has no output");
    const said = Promise.all([text(child.stdout), text(child.stderr)]);
    const exited = once(child, "exit");
    const afterMs = nextKillMs();
    const isThrough = await Promise.race([
      exited.then(() => true),
      ...(afterMs === undefined ? [] : [sleep(afterMs, false)]),
    ]);
    if (isThrough) {
      const [stdout, stderr] = await said;
      const document = parsed(stdout, stderr);
      checkPrinted([...args, "--json"], stdout);
      checkKept(cwd);
      return { kills, foldersLeft: leftovers(kills.map(one => one.pid)), exitCode: child.exitCode, document };
    }
    const sockets = listenersWith(mark);
    const processes = living(mark).length;
    child.kill("SIGKILL");
    await exited;
    const killedAt = performance.now();
    const left = await leftAfter(mark, leftBoundMs, sockets);
    const goneMs = Math.round(performance.now() - killedAt);
    const folder = runIn(cwd);
    const cases = folder === undefined ? 0 : readJournal(folder).cases.size;
    const folders = leftovers([child.pid]).length;
    const listeners = sockets.length;
    kills.push({ pid: child.pid, afterMs: afterMs ?? 0, processes, listeners, cases, left, goneMs, folders });
  }
}

function parsed(stdout: string, stderr: string): Survived["document"] {
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`the harness ended without a document; it said:\n${stderr}`);
  }
}

/** What must be the same however often a run was killed; times are not. */
export const verdictsOf = ({ document }: Pick<Survived, "document">): object => {
  const { verdict, runs, agree, disagree, inconclusive, shapes, counterexample, agreement, notRun, ledger } = document;
  const rows = ledger?.map((row: { scenario: string; bus: string; world: string; verdict: string }) =>
    [row.world, row.scenario, row.bus, row.verdict].join(" "),
  );
  return { verdict, runs, agree, disagree, inconclusive, shapes, counterexample, agreement, notRun, rows };
};

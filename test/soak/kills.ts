/**
 * `npm run soak:kill`: kills the harness at many moments, drawn from a seed, and goes on with the run each time until it is through.
 * After every kill nothing of it may be left 5 s later, and every run must come to the verdicts of one that nobody disturbed.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual, parseArgs } from "node:util";
import { randomOf } from "../../properties/arbitraries/random.ts";
import { type Kill, type Survived, survive, verdictsOf } from "../cli/survive.ts";

const { values } = parseArgs({
  options: { kills: { type: "string", default: "100" }, seed: { type: "string", default: "1" } },
});
const killsWanted = Number(values.kills);
const random = randomOf(values.seed, "kills");

/** The last is violated, so that kills fall into its shrinking, too. */
const kinds = [
  (round: number) => ["compare", "--bus", "go-nats-go", "--runs", "12", "--seed", `${values.seed}-${round}`],
  (round: number) => ["drill", "--bus", "go-nats-go", "--seed", `${values.seed}-${round}`],
  () => ["compare", "--bus", "typescript-nats-js-3", "--profile", "nats-go", "--runs", "12", "--seed", "1"],
];

async function main(): Promise<number> {
  const all: Kill[] = [];
  const failures: string[] = [];
  for (let round = 0; all.length < killsWanted; round++) {
    const args = kinds[round % kinds.length]?.(round) ?? [];
    const began = performance.now();
    const undisturbed = await inOwnFolder(cwd => survive(args, cwd, () => undefined));
    const spanMs = performance.now() - began;
    let due = Math.min(killsWanted - all.length, 12);
    const nextKillMs = (): number | undefined => (due-- > 0 ? random.int(50, Math.round(spanMs)) : undefined);
    const killed = await inOwnFolder(cwd => survive(args, cwd, nextKillMs));
    all.push(...killed.kills);
    failures.push(...failuresOf(undisturbed, killed).map(what => `${args.join(" ")}: ${what}`));
    const moments = killed.kills.map(one => `${one.afterMs} ms (${one.cases} cases)`).join(", ");
    console.log(`${args.join(" ")}: ${Math.round(spanMs)} ms; killed after ${moments}; ${killed.document.verdict}`);
  }
  const most = (of: (one: Kill) => number): number => Math.max(...all.map(of));
  console.log(
    `${all.length} kills, of up to ${most(one => one.processes)} processes and ${most(one => one.listeners)} listeners`,
  );
  console.log(
    `all gone after ${most(one => one.goneMs)} ms at most; ${all.filter(one => one.folders > 0).length} left a temporary folder, which the next harness removed`,
  );
  for (const failure of failures) console.log(`FAILED ${failure}`);
  console.log(
    failures.length === 0 ? "every run came to the verdicts of one that nobody disturbed" : `${failures.length} failed`,
  );
  return failures.length === 0 ? 0 : 1;
}

function failuresOf(undisturbed: Survived, killed: Survived): readonly string[] {
  const left = killed.kills.flatMap(one => one.left.map(what => `5 s after a kill there was ${what}`));
  const folders = killed.foldersLeft.map(name => `the folder ${name} was not reaped`);
  const [want, got] = [verdictsOf(undisturbed), verdictsOf(killed)];
  const isSame = isDeepStrictEqual([undisturbed.exitCode, want], [killed.exitCode, got]);
  return [
    ...left,
    ...folders,
    ...(isSame
      ? []
      : [
          `undisturbed ${JSON.stringify(want)}, killed ${JSON.stringify(got)}, inconclusive: ${JSON.stringify([undisturbed.document.reasons, killed.document.reasons])}`,
        ]),
  ];
}

async function inOwnFolder<T>(work: (cwd: string) => Promise<T>): Promise<T> {
  const cwd = mkdtempSync(join(tmpdir(), "soak-kills-"));
  try {
    return await work(cwd);
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

process.exitCode = await main();

/**
 * Policies by name: the files under fixtures/policies, and files of one's own. Read by scenarios that name a policy and by the
 * commands' `--policy`. A file's policy bears the file's name, so that a name in a report leads to its file.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, isAbsolute, join, resolve } from "node:path";
import type { Policy } from "../models/vocabulary/policy.ts";
import type { Options, Scenario } from "../models/vocabulary/scenario.ts";
import { BadInput } from "./errors.ts";
import { optionDefaults, parsePolicy } from "./policy-schema.ts";
import { packageRoot } from "./worlds/live/servers.ts";

const policyFolder = join("fixtures", "policies");

/** Every bundled policy, sorted. */
export function bundledPolicies(root: string = packageRoot()): readonly string[] {
  const folder = join(root, policyFolder);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter(name => name.endsWith(".json"))
    .map(name => name.replace(/\.json$/, ""))
    .toSorted();
}

/** A bundled policy is named by a word; what ends in .json or has a folder is a file. */
export const isPolicyName = (named: string): boolean => !named.endsWith(".json") && !named.includes("/");

/** A bundled policy, or undefined where there is none of that name. @throws BadInput */
export function bundledPolicy(name: string, root: string = packageRoot()): Policy | undefined {
  if (!bundledPolicies(root).includes(name)) return undefined;
  const file = join(policyFolder, `${name}.json`);
  return readPolicyFile(join(root, file), file);
}

/** @throws BadInput */
export function readPolicyFile(path: string, shown: string): Policy {
  const policy = parsePolicy(readFileSync(path, "utf8"), shown);
  const due = basename(path).replace(/\.json$/, "");
  if (policy.name !== due)
    throw new BadInput(shown, "name", `is "${policy.name}", and must be "${due}", as the file's`);
  return policy;
}

/** The policy that a scenario's file names, a bundled one or a file beside it; `folder` is the scenario's. @throws BadInput */
export function policyNamedIn(named: string, folder: string, file: string, place: string): Policy {
  if (isPolicyName(named)) {
    const policy = bundledPolicy(named);
    if (policy !== undefined) return policy;
    const advice = "a file of your own ends in .json";
    throw new BadInput(
      file,
      place,
      `there is no policy "${named}"; there are ${bundledPolicies().join(", ")}, and ${advice}`,
    );
  }
  if (isAbsolute(named) || !named.endsWith(".json"))
    throw new BadInput(file, place, "must be a policy's name or a .json file, relative to this one");
  const path = resolve(folder, named);
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true)
    throw new BadInput(file, place, `there is no file ${named} beside it`);
  return readPolicyFile(path, named);
}

/**
 * The scenario under this policy, whichever it had: with the options that this one sets, without those that the other had set. What
 * was typed in as expected under another policy is not expected here.
 */
export function underPolicy(scenario: Scenario, policy: Policy): Scenario {
  const isSame = scenario.policy !== undefined && JSON.stringify(scenario.policy) === JSON.stringify(policy);
  if (isSame) return scenario;
  const gone = Object.keys(scenario.policy?.client ?? {});
  const own = Object.fromEntries(Object.entries(scenario.options).filter(([name]) => !gone.includes(name)));
  const options = { ...optionDefaults, ...own, ...policy.client } as Options;
  return { ...scenario, options, policy, expect: {} };
}

/** Between what a busy machine keeps and what a run can wait for. */
const between = (ms: number, least: number, most: number): number => Math.min(most, Math.max(least, ms));
const liveTimeFactor = 100;

/**
 * The policy in the time of a live run: its waits a hundredth of what they are, none shorter than a busy machine keeps or longer than a run
 * can wait for; a wait that is short enough stays. Of a stop's two ends, budget and supervisor, the same one still comes first; of waits of
 * different kinds another may be the longer, and model and real parts are run in the same times. A policy in live time stays as it is.
 */
export function inLiveTime(policy: Policy): Policy {
  const scaled = (ms: number, least: number, most: number): number =>
    ms <= most ? Math.max(ms, least) : between(Math.round(ms / liveTimeFactor), least, most);
  const { publish, consume, startup, shutdown, supervisor, client } = policy;
  const budgetMs = scaled(shutdown.budgetMs, 1_000, 2_000);
  const killRatio = supervisor.killAfterMs / shutdown.budgetMs;
  const reconnectWaitMs =
    client.reconnectWaitMs === undefined ? {} : { reconnectWaitMs: scaled(client.reconnectWaitMs, 20, 50) };
  return {
    ...policy,
    streams: policy.streams.map(stream => ({
      ...stream,
      duplicateWindowMs: scaled(stream.duplicateWindowMs, 8_000, 8_000),
    })),
    publish: { ...publish, ackTimeoutMs: scaled(publish.ackTimeoutMs, 700, 1_000) },
    consume: { ...consume, ackWaitMs: scaled(consume.ackWaitMs, 2_500, 4_000) },
    startup: {
      ...startup,
      connectTimeoutMs: scaled(startup.connectTimeoutMs, 600, 1_000),
      ...(startup.deadlineMs === undefined ? {} : { deadlineMs: scaled(startup.deadlineMs, 2_500, 4_000) }),
    },
    shutdown: { ...shutdown, budgetMs },
    supervisor: {
      restartMs: scaled(supervisor.restartMs, 50, 500),
      killAfterMs: Math.round(budgetMs * (killRatio > 1 ? Math.max(killRatio, 1.5) : killRatio)),
    },
    client: { ...client, ...reconnectWaitMs },
  };
}

/** `faultline doctor`: what is installed, what each bus says of itself, and what to do about what is missing. Builds nothing. */

import { createRequire } from "node:module";
import { type BusLaunch, findBus, isBuilt } from "../bus-protocol/registry.ts";
import { exitCodes } from "../errors.ts";
import type { CommandEnding } from "../findings/ending.ts";
import { type BusFound, type DoctorReport, type PackageState, renderDoctor } from "../report/doctor.ts";
import type { Common } from "../runs/common.ts";
import type { Context } from "../runs/context.ts";
import { unlessInterrupted } from "../runs/interrupt.ts";
import { livePackages } from "../runs/live.ts";
import { bundledNames } from "../runs/profiles.ts";
import { rendered } from "../text/clean.ts";
import { startBus } from "../worlds/live/bus-process.ts";
import { describeEngine } from "../worlds/live/containers.ts";
import { describeServers, type ServerDescription } from "../worlds/live/servers.ts";

export async function doctor(context: Context, { buses: named, backend }: Common): Promise<CommandEnding> {
  const servers = await describeServers();
  const containers = await describeEngine();
  const packages = livePackages.map(name => ({ name, found: isInstalled(name) }));
  const buses: BusFound[] = [];
  for (const name of named.length === 0 ? bundledNames() : named) {
    context.progress.now(`greeting ${name}`);
    buses.push(await unlessInterrupted(context.signal, examine(findBus(name))));
  }
  const lacking = backend === "container" ? containers.problem : null;
  const exitCode = lacking === null ? exitCodeOf(servers, packages) : exitCodes.unavailable;
  const advice = [...adviceOn(servers, packages, buses), ...(lacking === null ? [] : [lacking])];
  const live = { 0: "ready", 2: "to be built at the first use", 69: "unavailable" }[exitCode] as string;
  const document: DoctorReport = { live, node: process.versions.node, servers, packages, containers, buses, advice };
  return { kind: "doctor", document, exitCode, text: rendered(renderDoctor, document, context.paint) };
}

/** Starts it, hears its greeting, ends it. */
async function examine(launch: BusLaunch): Promise<BusFound> {
  const { name, manifest } = launch;
  const needs = manifest === null || manifest.build === null ? null : manifest.language;
  const unknown = {
    name,
    profile: manifest?.profile ?? null,
    client: manifest?.client ?? null,
    capabilities: [],
    needs,
    process: null,
  };
  if (!isBuilt(launch)) return { ...unknown, built: false };
  try {
    const bus = await startBus(launch);
    await bus.end();
    const { greeting, isWrapped, unclaimed } = bus;
    const { profile, client, capabilities } = greeting;
    const greeted = { name, profile, client: `${client.name} ${client.version}`, capabilities, built: true, needs };
    if (unclaimed !== undefined) return { ...greeted, process: null, unclaimed };
    return { ...greeted, process: isWrapped ? "wrapped" : "started" };
  } catch (error) {
    return { ...unknown, built: true, problem: lackOf(launch) ?? (error as Error).message };
  }
}

/**
 * The client package that a bundled bus lacks here, and how to install it; undefined where it lacks none. The process of a bus without its
 * client ends before it greets.
 */
export function lackOf({ manifest }: Pick<BusLaunch, "manifest">): string | undefined {
  if (manifest?.language !== "TypeScript" || isInstalled(manifest.client)) return undefined;
  const { name, client } = manifest;
  return `${name} needs the package ${client}, which is not installed: run npm install --save-dev ${client}.`;
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch (error) {
    // Found, and not meant for require().
    return (error as NodeJS.ErrnoException).code === "ERR_PACKAGE_PATH_NOT_EXPORTED";
  }
}

function exitCodeOf(servers: readonly ServerDescription[], packages: readonly PackageState[]): 0 | 2 | 69 {
  if (packages.some(one => !one.found) || servers.some(one => one.source === "missing")) return exitCodes.unavailable;
  return servers.some(one => one.source === "to-be-built") ? exitCodes.inconclusive : exitCodes.holds;
}

function adviceOn(
  servers: readonly ServerDescription[],
  packages: readonly PackageState[],
  buses: readonly BusFound[],
): readonly string[] {
  const missing = servers.filter(one => one.source === "missing").map(one => `${one.name} ${one.version}`);
  const toBuild = servers.filter(one => one.source === "to-be-built").map(one => one.name);
  const absent = packages.filter(one => !one.found).map(one => one.name);
  const unbuilt = buses.filter(one => !one.built);
  return [
    ...(missing.length > 0
      ? [
          `Install Go, which builds ${missing.join(" and ")}; or set FAULTLINE_NATS_SERVER and FAULTLINE_TOXIPROXY to programs you have.`,
        ]
      : []),
    ...(toBuild.length > 0 ? [`The first live run builds ${toBuild.join(" and ")}, which takes 2-3 minutes.`] : []),
    ...(absent.length > 0 ? [`Run npm install --save-dev ${absent.join(" ")}: the live world needs it.`] : []),
    ...unbuilt.map(one => `${one.name} is built when it is first used, which needs ${one.needs}.`),
    ...buses.flatMap(({ problem, unclaimed }) => problem ?? unclaimed ?? []),
  ];
}

/**
 * The bundled buses that can be had on this machine. Go builds the servers too, so without it no live test runs at all; any other
 * language may be missing: then its bus is left out, and a test says that the reason given is one that helps.
 */
import { execFile } from "node:child_process";
import { BusUnavailable } from "../src/bus-protocol/errors.ts";
import { type BusManifest, buildBus, bundledBuses, launchOf, type RunProgram } from "../src/bus-protocol/registry.ts";

export interface BusesAtHand {
  readonly had: readonly BusManifest[];
  readonly lacking: readonly { readonly name: string; readonly language: string; readonly reason: string }[];
}

/** Builds what is to be built. A build that fails for another reason than a language that is not there fails the test. */
export async function busesAtHand(): Promise<BusesAtHand> {
  const had: BusManifest[] = [];
  const lacking: BusesAtHand["lacking"][number][] = [];
  for (const manifest of bundledBuses()) {
    try {
      await buildBus(launchOf(manifest), run);
      had.push(manifest);
    } catch (error) {
      if (!(error instanceof BusUnavailable) || !languageIsMissing.test(error.message)) throw error;
      lacking.push({ name: manifest.name, language: manifest.language, reason: error.message });
      process.stderr.write(`${error.message}\n`);
    }
  }
  return { had, lacking };
}

/** Not there, too old, or without the module that its bus is installed by. */
const languageIsMissing = /ENOENT|the bus needs|cannot make a virtual environment/;

const run: RunProgram = ([program, ...rest], folder) =>
  new Promise((resolve, reject) => {
    const child = execFile(program, rest, { cwd: folder }, (error, _stdout, stderr) => {
      // A word where a number would be the exit code: it could not be started.
      if (typeof error?.code === "string") reject(error);
      else resolve({ code: child.exitCode, stderr });
    });
  });

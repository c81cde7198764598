/**
 * The processes that a person ends when the harness is to end, where that is not the harness itself: npx, npm run, the wrapper that chose
 * another Node, and the shells between them. A kill -9 of one of them is told to no one, and a shell passes no signal on; so they are looked
 * at. A shell that a person types in is not among them: what is started in the background outlives it.
 */
import { readFileSync } from "node:fs";
import { processOf } from "../worlds/live/processes.ts";

/** Set by bin/faultline.js to the pid of the wrapper. */
const wrapperMark = "FAULTLINE_NODE_CHOSEN";
const lookEveryMs = 200;
const generationsMax = 12;

interface Starter {
  readonly pid: number;
  /** Undefined where the kernel reports no processes; then only the parent can be watched. */
  readonly start: string | undefined;
}

/** Calls back once, soon after the first of them has ended. Keeps no process alive. */
export function whenStarterEnds(onEnd: () => void): void {
  const starters = startersOf(process.pid, process.env);
  if (starters.length === 0) return;
  const timer = setInterval(() => {
    if (starters.every(isAlive)) return;
    clearInterval(timer);
    onEnd();
  }, lookEveryMs);
  timer.unref();
}

function isAlive({ pid, start }: Starter): boolean {
  if (start === undefined) return process.ppid === pid;
  return processOf(pid)?.start === start;
}

/** The ancestors from the parent up to the topmost npm; the wrapper alone where there is none. */
function startersOf(own: number, env: NodeJS.ProcessEnv): readonly Starter[] {
  const wrapper = Number(env[wrapperMark]);
  const ancestors: { readonly starter: Starter; readonly words: readonly string[] }[] = [];
  let above: readonly string[] = [];
  for (let pid = processOf(own)?.parent ?? 0; pid > 0 && ancestors.length < generationsMax; ) {
    const found = processOf(pid);
    const words = wordsOf(pid);
    above = words;
    if (found === undefined || !isStarter(words, pid === wrapper)) break;
    ancestors.push({ starter: { pid, start: found.start }, words });
    pid = found.parent;
  }
  const top = ancestors.findLastIndex(({ starter, words }) => starter.pid === wrapper || isNpm(words));
  const last = ancestors.at(-1)?.words ?? [];
  if (isScriptOf(env, last) && !isNpm(last) && !isNpm(above)) return [gone];
  const found = ancestors.slice(0, top + 1).map(one => one.starter);
  // It has ended already, or the kernel does not report processes.
  return wrapper > 0 && !found.some(({ pid }) => pid === wrapper)
    ? [...found, { pid: wrapper, start: undefined }]
    : found;
}

/** npm ended before it could be looked at: it waits for its script, so a script without an npm above it has lost it. */
const gone: Starter = { pid: 0, start: "" };

export const isScriptOf = ({ npm_lifecycle_script: script }: NodeJS.ProcessEnv, words: readonly string[]): boolean =>
  script !== undefined && script !== "" && isShellOfNpm(words) && words[2]?.startsWith(script) === true;

const isStarter = (words: readonly string[], isWrapper: boolean): boolean =>
  isWrapper || isNpm(words) || isShellOfNpm(words);

/** npm names itself anew, "npm exec faultline"; the others are scripts that Node runs. */
export const isNpm = (words: readonly string[]): boolean =>
  words.slice(0, 2).some(word => /(^|\/)(npm|npx|pnpm|pnpx|yarn|yarnpkg|bunx?)(-cli)?(\.c?js)?( |$)/.test(word));

/** A shell with a command to run, as npm starts one. */
const isShellOfNpm = ([program = "", option = ""]: readonly string[]): boolean =>
  /(^|\/)(ba|da|a|z|k)?sh$/.test(program) && /^-\w*c$/.test(option);

function wordsOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return [];
  }
}

#!/usr/bin/env node
/**
 * The command as npm and people start it: plain JavaScript, because any Node must be able to read it. It runs src/cli.ts in a clone and
 * dist/src/cli.js in the package. Where the running Node is too old, the Node of the npm package `node` runs them.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module, { createRequire } from "node:module";
import { constants, tmpdir } from "node:os";

const oldest = [22, 22];
const unavailable = 69;
const bug = 70;
/** Set to our pid for the Node that was started instead: it starts no other, and ends when we do. */
const mark = "FAULTLINE_NODE_CHOSEN";

const [major, minor] = process.versions.node.split(".").map(Number);
const isOld = major < oldest[0] || (major === oldest[0] && minor < oldest[1]);

if (isOld) runOnAnother();
else {
  // Saves each start a third of a second. Where it cannot write its cache, Node compiles as before and reports nothing. It would make a
  // folder for temporary files that does not exist.
  if (process.env.NODE_COMPILE_CACHE || existsSync(tmpdir())) module.enableCompileCache();
  const source = new URL("../src/cli.ts", import.meta.url);
  const file = existsSync(source) ? source.href : new URL("../dist/src/cli.js", import.meta.url).href;
  const { main } = await import(file).catch(endUnloaded);
  await main();
}

/** Node's own exit code for this, 1, means "violated". */
function endUnloaded(error) {
  const isRefused = /^E[A-Z]+$/.test(error.code) && "syscall" in error;
  const advice = isRefused ? "This machine refused it." : "Reinstall it, or report this as a bug of faultline.";
  process.stderr.write(`faultline cannot be loaded: ${error.message}. ${advice}\n`);
  process.exit(isRefused ? unavailable : bug);
}

function runOnAnother() {
  const node = process.env[mark] === undefined ? packagedNode() : undefined;
  if (node === undefined) {
    const advice = `install one, or run "npm install --save-dev node@24" here and start faultline with npx`;
    process.stderr.write(
      `faultline needs Node ${oldest.join(".")} or newer, and this is ${process.versions.node}: ${advice}.\n`,
    );
    process.exitCode = unavailable;
    return;
  }
  const child = spawn(node, process.argv.slice(1), {
    stdio: "inherit",
    env: { ...process.env, [mark]: `${process.pid}` },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.once("error", error => {
    process.stderr.write(`faultline could not start ${node}: ${error.message}.\n`);
    process.exitCode = unavailable;
  });
  child.once("exit", (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

/** The Node of the package `node`, installed here or in the project that uses faultline. */
function packagedNode() {
  for (const from of [import.meta.url, `${process.cwd()}/package.json`]) {
    try {
      return createRequire(from).resolve("node/bin/node");
    } catch {
      // Not installed there.
    }
  }
  return undefined;
}

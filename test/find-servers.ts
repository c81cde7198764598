/** Before the live tests: finds servers and buses, or builds them once, so that no test waits for it. Called by vitest. */
import { findServers } from "../src/worlds/live/servers.ts";
import { busesAtHand } from "./buses-at-hand.ts";

export default async function setup(): Promise<void> {
  await findServers({}, line => void process.stderr.write(`${line}\n`));
  await busesAtHand();
}

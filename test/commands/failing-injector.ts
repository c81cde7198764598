/** A Toxiproxy that does not install some toxics, as the environment of a command. */
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findServers } from "../../src/worlds/live/servers.ts";
import { ownFolder, root } from "./faultline.ts";

export async function failingInjector(
  toxics: readonly string[],
  { hangs = false }: { readonly hangs?: boolean } = {},
): Promise<Readonly<Record<string, string>>> {
  const { toxiproxy } = await findServers({}, line => console.error(line));
  const wrapper = join(ownFolder(), "toxiproxy");
  const script = join(root, "test/commands/failing-toxiproxy.mjs");
  writeFileSync(wrapper, `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`);
  chmodSync(wrapper, 0o755);
  return {
    FAULTLINE_TOXIPROXY: wrapper,
    FAULTLINE_TEST_TOXIPROXY: toxiproxy,
    FAULTLINE_TEST_REFUSES: toxics.join(","),
    FAULTLINE_TEST_HANGS: hangs ? "1" : "",
  };
}

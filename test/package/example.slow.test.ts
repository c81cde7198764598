/** What a user does with the packed faultline: installs it, runs the example's suite, and uses the command. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { root, withoutServers } from "../commands/faultline.ts";
import { example, type Installed, install, manifestOf, run, succeed } from "./installed.ts";

const suite = readFileSync(join(example, "holds.test.ts"), "utf8");
const dropped = "reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence";
const only = (line: string): string => `import { holds } from "nats-faultline/vitest";\n${line}\n`;

let user: Installed;
beforeAll(async () => {
  user = await install();
});
afterAll(() => user !== undefined && rmSync(user.folder, { recursive: true, force: true }));

const vitest = (file: string, env: Readonly<Record<string, string>> = {}) =>
  user.bin("vitest", ["run", "--reporter=verbose", file], env);

describe("the example", () => {
  test("passes as it is", async () => {
    const { stdout } = await succeed(vitest("holds.test.ts"));
    const held = suite.split("\n").filter(line => /^ *holds\(/.test(line)).length;
    expect(held).toBeGreaterThan(4);
    expect(stdout).toContain("conformance holds in the model of nats-go");
    expect(stdout).toContain("core-path/flushed-messages-arrive holds in the model of nats-js-3");
    expect(stdout).toContain(
      "shutdown/a-stop-ends-within-its-budget holds under cordum-hardened in the model of nats-go",
    );
    expect(stdout).not.toMatch(/\d failed/);
    // Demands that say nothing about that policy, each with its reason.
    expect(stdout).toMatch(
      /fail-fast-ends-within-its-bound holds under cordum-hardened.*nothing under cordum-hardened/,
    );
    expect(stdout).toContain("3 skipped");
  });

  test("is what the README shows", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const section = readme.slice(readme.indexOf("\n## In CI\n")).split("\n## ")[1] ?? "";
    expect(/```ts\n([\s\S]*?)```/.exec(section)?.[1]).toBe(suite);
  });

  test("asks for a vitest and a faultline that there are", () => {
    const { version, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const asked = JSON.parse(readFileSync(join(example, "package.json"), "utf8")).devDependencies;
    expect(asked).toEqual({ "nats-faultline": `^${version}`, vitest: `^${devDependencies.vitest}` });
  });
});

describe("a claim that is wrong", () => {
  test("fails with the shrunk scenario, and its last line replays it", async () => {
    user.write("wrong.test.ts", suite.replace(`// holds("${dropped}"`, `holds("${dropped}"`));
    const { code, stdout, stderr } = await vitest("wrong.test.ts", { FAULTLINE_SEED: "tonight" });
    const said = stdout + stderr;
    expect(code).toBe(1);
    expect(said).toContain("1 failed");
    expect(said).toContain(`Error: ✗ ${dropped}`);
    expect(said).toMatch(/found at run \d+ of 1000 with seed tonight \(fast-check: seed -?\d+, path "[\d:]+"\)/);
    expect(said).toMatch(/publish 1 × 16 bytes +message 0 accepted, did not arrive/);
    // The last line of the message is followed by the only frame: the user's own line.
    const [, line = "", file = ""] =
      /\n(npx faultline replay (\S+\.json).*)\n ❯ wrong\.test\.ts:\d+:1\n/.exec(said) ?? [];
    expect(JSON.parse(readFileSync(join(user.folder, file), "utf8"))).toMatchObject({ property: dropped });

    const again = await user.bin("faultline", [...line.split(" ").slice(2), "--json"]);
    expect([again.code, JSON.parse(again.stdout).reproduced]).toEqual([1, { k: 1, n: 1 }]);
  });

  test("is kept by one command, and fails the next run at its first test", async () => {
    const { stdout } = await user.bin("faultline", [
      ...["search", "--profile", "nats-js-3", "--property", dropped, "--seed", "1", "--json"],
    ]);
    const kept = await user.bin("faultline", ["replay", JSON.parse(stdout).counterexample, "--keep", "--json"]);
    const file = JSON.parse(kept.stdout).kept;
    onTestFinished(() => rmSync(join(user.folder, "fixtures"), { recursive: true, force: true }));
    // The promise that is asked about holds: what fails is what was kept.
    user.write("kept.test.ts", only(`holds("core-path/order-is-kept", { world: "model", profile: "nats-js-3" });`));
    user.write("elsewhere.test.ts", only(`holds("corpus", { world: "model", profile: "nats-js-3", seeds: "none" });`));
    const [first, elsewhere] = await Promise.all([vitest("kept.test.ts"), vitest("elsewhere.test.ts")]);
    expect([first.code, elsewhere.code]).toEqual([1, 0]);
    expect(first.stdout + first.stderr).toContain(`Error: ✗ ${dropped}`);
    expect(first.stdout + first.stderr).toContain(`kept case ${file}`);
    expect(first.stdout + first.stderr).toContain(`\nnpx faultline replay ${file}\n`);
  });

  test("fails as vacuous where nothing exercises it", async () => {
    user.write(
      "vacuous.test.ts",
      only(
        `holds("reconnect-buffer/disabled-refuses-every-publish", { world: "model", profile: "nats-js-3", runs: 50 });`,
      ),
    );
    const { code, stdout, stderr } = await vitest("vacuous.test.ts");
    expect(code).toBe(1);
    expect(stdout + stderr).toContain("vacuous: it was never exercised in 50 runs");
  });

  test("is refused at once where nothing has its name", async () => {
    user.write("unknown.test.ts", only(`holds("core-path/no-such-promise", { world: "model", profile: "nats-go" });`));
    const { code, stdout, stderr } = await vitest("unknown.test.ts");
    expect(code).toBe(1);
    expect(stdout + stderr).toContain("there is no such claim. There are:");
  });
});

describe("a claim on live servers that are not to be had", () => {
  const live = only(`holds("conformance", { world: "live", bus: "typescript-nats-js-3", runs: 1 });`);

  test("is skipped with the reason", async () => {
    user.write("live.test.ts", live);
    const { code, stdout } = await vitest("live.test.ts", withoutServers(user.folder));
    expect(code).toBe(0);
    expect(stdout).toMatch(/conformance holds live on typescript-nats-js-3.*nats-server/);
    expect(stdout).toContain("1 skipped");
  });

  test("fails where CI is set", async () => {
    user.write("live.test.ts", live);
    const { code, stdout, stderr } = await vitest("live.test.ts", { ...withoutServers(user.folder), CI: "true" });
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(/LiveUnavailable.*nats-server/);
  });
});

describe("the package", () => {
  test("offers each of its exports, with types that a strict consumer compiles", async () => {
    user.write(
      "consumer.ts",
      [
        'import { type HoldsVerdict, verdictOn } from "nats-faultline";',
        'import { newState, profiles } from "nats-faultline/model";',
        'import { catalogue, scenarioOf } from "nats-faultline/properties";',
        'import { openSite } from "nats-faultline/live";',
        'import { createRequire } from "node:module";',
        'const { name } = createRequire(import.meta.url)("nats-faultline/package.json") as { name: string };',
        'const held: HoldsVerdict = await verdictOn("corpus", { world: "model", profile: "nats-go" });',
        "const all = [newState, scenarioOf, openSite].every(one => typeof one === 'function');",
        'console.log(name, held.verdict, all, catalogue.length > 0, "nats-go" in profiles);',
      ].join("\n"),
    );
    const { stdout } = await succeed(run(process.execPath, ["consumer.ts"], user.folder, {}));
    expect(stdout).toBe("nats-faultline holds true true true\n");
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    const strict = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2024"];
    const types = ["--types", "node", "--typeRoots", join(root, "node_modules", "@types")];
    await succeed(run(process.execPath, [tsc, ...strict, ...types, "consumer.ts", "holds.test.ts"], user.folder, {}));
  });

  test("searches, and examines itself, as an installed command", async () => {
    const search = await succeed(user.bin("faultline", ["search", "--runs", "50", "--seed", "1", "--json"]));
    expect(JSON.parse(search.stdout)).toMatchObject({ verdict: "holds", world: "model", counterexample: null });
    const doctor = await user.bin("faultline", ["doctor", "--json"]);
    const { node, packages, buses } = JSON.parse(doctor.stdout);
    expect([doctor.code, node]).toEqual([expect.toBeOneOf([0, 2]), process.versions.node]);
    expect(packages.every((one: { found: boolean }) => one.found)).toBe(true);
    // Those in TypeScript are shipped built; the one in Go is built at its first use.
    for (const bus of buses.filter((one: { name: string }) => one.name.startsWith("typescript-")))
      expect(bus).toMatchObject({ built: true, client: expect.stringMatching(/\d$/) });
  });

  test("ships what is built, and no program made on this machine", async () => {
    const { stdout } = await succeed(run("find", ["node_modules/nats-faultline", "-type", "f"], user.folder, {}));
    const files = stdout
      .trim()
      .split("\n")
      .map(path => path.replace("node_modules/nats-faultline/", ""));
    for (const due of [
      "dist/src/vitest.js",
      "dist/models/index.d.ts",
      "bin/faultline.js",
      "fixtures/buses/go-nats-go/main.go",
    ])
      expect(files).toContain(due);
    expect(files.filter(file => file.startsWith("fixtures/buses/") && file.includes("/bin/"))).toEqual([]);
    expect(files.filter(file => /^(src|test|models|properties)\//.test(file))).toEqual([]);
    expect(manifestOf(join(user.folder, "node_modules", "nats-faultline")).name).toBe("nats-faultline");
  });
});

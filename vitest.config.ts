/**
 * What `vitest` runs: `model` starts no server, and its files run side by side; `live`, `slow` and `soak` start servers and buses, one file
 * at a time. A file among the live ones that needs no server is named `*.model.test.ts`, and runs with the model.
 */
import { defineConfig } from "vitest/config";

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 22))
  throw new Error(`This is Node ${process.versions.node}: run npm ci && npm test, which bring Node 24 along.`);

const liveBuses = "test/bus-protocol/{buses,exit-buses,typescript-policy-bus}.test.ts";
const nowhere = "/dev/null";
const needsNoServer = "test/**/*.model.test.ts";
const isSlow = "test/**/*.slow.test.ts";
const isSoak = "test/**/*.soak.test.ts";

/** Real servers and clients: one file at a time, after the model, so that nothing else takes the processor while their clocks run. */
const onServers = {
  globalSetup: "test/find-servers.ts",
  pool: "forks",
  fileParallelism: false,
  testTimeout: 120_000,
  hookTimeout: 120_000,
  sequence: { groupOrder: 1 },
} as const;

export default defineConfig({
  test: {
    passWithNoTests: false,
    allowOnly: false,
    projects: [
      {
        extends: true,
        test: {
          name: "model",
          include: [
            "test/*.test.ts",
            "test/{models,properties,mutants,bus-protocol,search,report,drills,snapshot,judge,files,lint,desk,runs,findings,text}/**/*.test.ts",
            "test/holds/model.test.ts",
            needsNoServer,
          ],
          exclude: [liveBuses, isSlow, isSoak],
          // A server that is started here all the same does not run.
          env: { FAULTLINE_NATS_SERVER: nowhere, FAULTLINE_TOXIPROXY: nowhere },
          pool: "threads",
          // vitest leaves one processor to itself: of two, that is half.
          maxWorkers: "100%",
          // No file of this project keeps state of its own outside its tests.
          isolate: false,
          // A command that one of its tests starts shares two cores with the others.
          testTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: "live",
          include: ["test/{worlds,commands,cli,package}/**/*.test.ts", liveBuses, "test/holds/live.test.ts"],
          exclude: [needsNoServer, isSlow, isSoak],
          ...onServers,
        },
      },
      // Not part of `npm test`, which is to stay below 12 minutes: `npm run test:slow`.
      { extends: true, test: { name: "slow", include: [isSlow], ...onServers } },
      // Not part of what CI runs, which is to stay below 45 minutes: `npm run soak:tests`.
      { extends: true, test: { name: "soak", include: [isSoak], ...onServers } },
    ],
  },
});

/** What this team relies on, held on random scenarios at every push. Each line is a test of its own. */
import { holds } from "nats-faultline/vitest";

const world = "model";

// Nothing is seen that the model does not admit, and all that the client promises is kept.
holds("conformance", { world, profile: "nats-go" });
holds("conformance", { world, profile: "nats-js-3" });

// The promises we rely on, each by its name.
for (const profile of ["nats-go", "nats-js-3"]) {
  holds("core-path/flushed-messages-arrive", { world, profile, runs: 300 });
  holds("core-path/silent-loss-only-inside-a-disturbance", { world, profile, runs: 300 });
}
holds("reconnect-buffer/below-the-limit-all-arrive-in-order", { world, profile: "nats-go", runs: 300 });

// Our own policy on that client: each of its demands is a test. A file of yours is named by its path: "./my-bus.json".
holds("policy", { world, profile: "nats-go", policy: "cordum-hardened", runs: 500 });

// nats.js does not promise this, and loses what is published while down: take the slashes away to see a failing report.
// holds("reconnect-buffer/what-was-accepted-while-down-is-not-dropped-in-silence", { world, profile: "nats-js-3" });

// Your own bus, on a real nats-server behind a faulty proxy: any command line that speaks the bus protocol.
// holds("conformance", { world: "live", bus: "python3 my_bus.py", runs: 30 });

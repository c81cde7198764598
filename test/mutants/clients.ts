/** Mutants of what differs between the clients under a policy: a drain that says more than it has done, and one beside an exit. */
import { natsJs2 } from "../../models/profiles/nats-js-2.ts";
import { natsJs3 } from "../../models/profiles/nats-js-3.ts";
import { cut, flush, publish, start, together } from "../models/cases.ts";
import { news, policyWith, sound, term, underPolicy } from "../models/policies.ts";
import { type Mutant, withoutLetter } from "./mutant.ts";

const drains = policyWith({ shutdown: { strategy: "drain" } });

export const clientMutants: readonly Mutant[] = [
  {
    name: "tells of what its drain has lost while down, where its client says that all went well",
    row: "F-260: a stop that trusts the drain tells of no loss while down",
    declared: natsJs2,
    behaves: { ...natsJs2, drain: { ...natsJs2.drain, whileDown: natsJs3.drain.whileDown } },
    where: underPolicy(drains, [start, flush(), cut(), news(5), term()]),
    killedBy: ["conformance"],
  },
  {
    name: "loses what its drain has written before an exit",
    row: "F-262: 1000 of 1000 arrive, since the drain of each subscription flushes in the same tick",
    declared: natsJs3,
    behaves: { ...natsJs3, exit: { ...natsJs3.exit, drainWrites: false } },
    where: underPolicy(sound, [start, together(publish(5), { kind: "exit", after: "drain" })]),
    killedBy: ["conformance"],
    beyond: withoutLetter("an exit beside a drain"),
  },
];

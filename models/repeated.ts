/** The bound on what a client says twice in a row: "disconnected" and "reconnected" follow its dials and its close, and nothing else is repeated. */
import type { Reason } from "./explanation.ts";
import { kindOf } from "./faults/index.ts";
import type { Observation } from "./observation.ts";
import { dialsBeforeGivingUp } from "./policy/attempts.ts";
import type { Profile } from "./vocabulary/profile.ts";
import type { Scenario } from "./vocabulary/scenario.ts";

type Reports = Pick<Observation, "connection" | "saidInARow">;
type Repeated = Extract<Reason, { kind: "repeated" }>;

/** The first report that the client repeated more often than its dials and its close explain. */
export function repeatedTooOften(said: Reports, profile: Profile, scenario: Scenario): Repeated | undefined {
  const greetedMax = greetedDialsMax(profile, scenario);
  for (const [i, change] of said.connection.entries()) {
    const times = said.saidInARow[i] ?? 1;
    const timesMax = timesMaxOf(said, i, profile, greetedMax);
    if (times > timesMax) return { kind: "repeated", change, times, timesMax };
  }
  return undefined;
}

function timesMaxOf(
  { connection, saidInARow }: Reports,
  i: number,
  { reconnect }: Profile,
  greetedMax: number,
): number {
  const { reports } = reconnect;
  const change = connection[i];
  if (change === "reconnected") {
    const isAfterDisconnected = reports.reconnected === "for-each-disconnected" && connection[i - 1] === "disconnected";
    return isAfterDisconnected ? (saidInARow[i - 1] ?? 1) : 1;
  }
  if (change !== "disconnected") return 1;
  const greeted = reports.greetedDials === "disconnected" ? greetedMax : 0;
  const byClose = reports.disconnectedAtClose && connection[i + 1] === "closed" ? 1 : 0;
  return 1 + greeted + byClose;
}

/** The longest outage with a link that greets and does not answer, in dials: 19 s of the 600 ms that one of them may take. */
const greetedDialsPerOutageMax = 31;

/** The dials of one outage that the server may have greeted before they died; none where no fault of the scenario lets a dial get so far. */
function greetedDialsMax(profile: Profile, { steps, options }: Scenario): number {
  const isGreeted = steps.some(one => one.kind === "fault" && kindOf(one.fault).greetsDials === true);
  return isGreeted ? Math.min(greetedDialsPerOutageMax, dialsBeforeGivingUp(profile, options)) : 0;
}

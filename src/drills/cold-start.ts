/** Question 4: what becomes of a process that is started before its server, by the policy's own strategy and by the others. */

import { budgetExample, startupBudgetMs } from "../../models/policy/budget.ts";
import { isClassifiedDurable } from "../../models/policy/classifier.ts";
import { halfwayMs, longestRestartMs, restartWaitsMs } from "../../models/policy/restarts.ts";
import { streamOf } from "../../models/policy/streams.ts";
import { familySubjects } from "../../models/policy/subjects.ts";
import { beside } from "../../models/policy/under.ts";
import type { Policy, StartupPolicy } from "../../models/vocabulary/policy.ts";
import type { Fault } from "../../models/vocabulary/scenario.ts";
import { startMarginMs } from "../../properties/cold-start.ts";
import { advance, type Draft, type DrillCase, drillCase, heal, publish, slug, start } from "./drill.ts";
import { startedInOutageSteps, subjectsWithGap } from "./gaps.ts";

type Strategy = StartupPolicy["strategy"];

const strategies: readonly Strategy[] = ["fail-fast", "retry-with-deadline", "retry-forever"];

export function coldStartCases(policy: Policy): readonly DrillCase[] {
  const own = policy.startup.strategy;
  const others = strategies.filter(strategy => strategy !== own);
  const { startup, supervisor } = policy;
  // The same for every strategy, so that their restarts can be compared. A supervisor that backs off comes to its longest wait, and repeats it.
  const waits = Math.max(3, restartWaitsMs(supervisor).length + 1);
  const absentMs =
    (startup.deadlineMs ?? startupBudgetMs(budgetExample, startup.connectTimeoutMs)) + halfwayMs(supervisor, waits);
  return [
    ...startsOf(policy, undefined, absentMs),
    ...others.flatMap(strategy => startsOf(withStrategy(policy, strategy), strategy, absentMs)),
    ...subjectsWithGap(policy).map(({ subject, gapMs }) =>
      drillCase({
        question: "cold-start",
        claim: `started-in-an-outage-under-${slug(subject)}`,
        about: `the process is killed and started again while the server is away, and ${subject} is published`,
        part: "gaps",
        policy,
        steps: startedInOutageSteps(subject, gapMs, afterMs(policy)),
      }),
    ),
    budget(policy),
  ];
}

const withStrategy = (policy: Policy, strategy: Strategy): Policy => {
  const { deadlineMs: ownMs, ...startup } = policy.startup;
  const deadlineMs = ownMs ?? startupBudgetMs(budgetExample, startup.connectTimeoutMs);
  const changed = { ...startup, strategy, ...(strategy === "retry-with-deadline" ? { deadlineMs } : {}) };
  return beside(policy, strategy, { startup: changed });
};

/** Halfway to the third start. A process that dials on until its deadline is not started anew before that, so the server comes before it. */
const lateMsOf = ({ startup: { strategy, deadlineMs = 0 }, supervisor }: Policy): number => {
  const halfMs = halfwayMs(supervisor, 3);
  return strategy === "retry-with-deadline" ? Math.min(halfMs, Math.round(deadlineMs / 2)) : halfMs;
};

const stopped: Fault = { kind: "stop-server", signal: "TERM", awaits: "none" };

/** The time after the heal: the longest wait for a restart. A client that has closed for good is seen beyond the deadline of its start. */
function afterMs({ supervisor, startup }: Policy): number {
  const { strategy, deadlineMs = 0, whenClosed } = startup;
  const isLeft = strategy === "retry-with-deadline" && whenClosed === "ignore";
  return Math.max(longestRestartMs(supervisor), isLeft ? deadlineMs + startMarginMs + 1 : 0);
}

function startsOf(policy: Policy, variant: Strategy | undefined, absentMs: number): readonly DrillCase[] {
  const word = variant ?? "own";
  const subjects = familySubjects(policy).map(({ subject }) => subject);
  const core = subjects.filter(subject => !isClassifiedDurable(policy, subject)).slice(0, 1);
  const durable = subjects.filter(
    subject => isClassifiedDurable(policy, subject) && streamOf(policy, subject) !== undefined,
  );
  const once = (some: readonly string[]): readonly Draft[] => some.map(subject => publish(subject, 1));
  const one = (claim: string, about: string, steps: readonly Draft[]): DrillCase =>
    drillCase({
      question: "cold-start",
      claim: `${word}-${claim}`,
      about,
      part: claim,
      policy,
      steps,
      ...(variant === undefined ? {} : { variant }),
    });
  const healed = [heal, advance(afterMs(policy))];
  const cases = [
    one("server-is-late", "the server comes after the process", [
      { kind: "fault", fault: stopped },
      start(),
      ...once(core),
      advance(lateMsOf(policy)),
      ...healed,
      ...once([...core, ...durable]),
    ]),
    one("server-never-comes", "the server does not come within the time that the strategy allows", [
      { kind: "fault", fault: stopped },
      start(),
      advance(absentMs),
      ...healed,
    ]),
    one("wrong-credentials", "the server refuses the credentials", [
      { kind: "fault", fault: { kind: "refuse-credentials" } },
      start(),
      advance(halfwayMs(policy.supervisor, 2)),
      ...healed,
    ]),
  ];
  if (durable.length === 0) return cases;
  return [
    ...cases,
    one("jetstream-is-late", "the server comes without JetStream, which comes later", [
      { kind: "fault", fault: { kind: "no-jetstream" } },
      start(),
      ...once(durable.slice(0, 1)),
      heal,
      ...once(durable),
    ]),
  ];
}

/** Servers that accept the dial and never greet: every dial takes its whole timeout, and only the deadline ends them. */
function budget(policy: Policy): DrillCase {
  const { connectTimeoutMs, deadlineMs: _own, ...startup } = policy.startup;
  const deadlineMs = startupBudgetMs(budgetExample, connectTimeoutMs);
  const counted = beside(policy, "the-budget", {
    startup: { ...startup, connectTimeoutMs, strategy: "retry-with-deadline", deadlineMs },
  });
  return drillCase({
    question: "cold-start",
    claim: "the-startup-budget",
    about: `${budgetExample.servers} servers that never greet, ${budgetExample.passes} passes and a margin`,
    part: "budget",
    policy: counted,
    variant: "retry-with-deadline, counted",
    servers: budgetExample.servers,
    steps: [{ kind: "fault", fault: { kind: "silent-handshake" } }, start(), advance(deadlineMs + 1)],
  });
}

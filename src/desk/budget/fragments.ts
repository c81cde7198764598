/** Fragments to paste: the times of the policy's own start and stop as Kubernetes and systemd want them. */
import { longestRestartMs } from "../../../models/policy/restarts.ts";
import type { Policy } from "../../../models/vocabulary/policy.ts";
import type { StartBudget } from "./start.ts";
import type { StopBudget } from "./stop.ts";

/** The time that a stop gets beyond its budget, so that SIGKILL does not race with its end. */
const stopMarginMs = 5_000;
const probePeriodMs = 10_000;
const livenessThreshold = 3;

const seconds = (ms: number): number => Math.ceil(ms / 1_000);

/** The grace period that the policy's own stop needs. */
export const graceNeededMs = ({ budgetMs, preStopMs }: StopBudget): number => preStopMs + budgetMs + stopMarginMs;

/** Lines of YAML, a part of a pod's spec. The paths of the probes are the reader's own. */
export function kubernetesFragment(start: StartBudget, stop: StopBudget): readonly string[] {
  const { mostMs } = start.givesUp;
  const startupPeriods = Math.ceil(((mostMs ?? start.passMs) + probePeriodMs) / probePeriodMs);
  const preStop =
    stop.preStopMs === 0
      ? []
      : [
          "    lifecycle:",
          "      preStop:",
          "        exec:",
          `          command: ["sleep", "${seconds(stop.preStopMs)}"]`,
        ];
  return [
    `terminationGracePeriodSeconds: ${seconds(graceNeededMs(stop))}`,
    "containers:",
    "  - name: service",
    ...preStop,
    "    startupProbe: # the process alone",
    "      httpGet: { path: /live, port: 8080 }",
    `      periodSeconds: ${seconds(probePeriodMs)}`,
    `      failureThreshold: ${startupPeriods}`,
    "    livenessProbe: # the process alone, never NATS",
    "      httpGet: { path: /live, port: 8080 }",
    `      periodSeconds: ${seconds(probePeriodMs)}`,
    `      failureThreshold: ${livenessThreshold}`,
    "    readinessProbe: # connected, and the durable path usable",
    "      httpGet: { path: /ready, port: 8080 }",
    "      periodSeconds: 5",
    "      failureThreshold: 1",
  ];
}

export function systemdFragment({ supervisor }: Policy, start: StartBudget, stop: StopBudget): readonly string[] {
  const { mostMs } = start.givesUp;
  return [
    "[Service]",
    "# Type=notify: the service says READY=1 once it is connected.",
    "Type=notify",
    `TimeoutStartSec=${mostMs === null ? "infinity" : seconds(mostMs + stopMarginMs)}`,
    `TimeoutStopSec=${seconds(graceNeededMs(stop))}`,
    "Restart=on-failure",
    `RestartSec=${seconds(longestRestartMs(supervisor))}`,
    "KillMode=mixed",
  ];
}

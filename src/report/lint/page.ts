/** The page docs/lint.md: how `lint` is used, and every rule with its mistake, its cost and its source. */
import { bareLine, commandLine } from "../../findings/again.ts";
import type { LintRule } from "./finding.ts";

export const renderLintPage = (rules: readonly LintRule[]): string =>
  [
    "# Lint",
    "<!-- Written by `npm run rules` from src/lint/rules/ and src/report/lint/page.ts. Change it there. -->",
    [
      `\`${bareLine("lint", {})} POLICY…\` reads a policy, or the files that [import](import.md) reads, and names the mistakes in it with file, line and`,
      "column. It runs the model, and no server.",
    ].join("\n"),
    [
      "```",
      commandLine("lint ./manifests", {}),
      commandLine("lint ./my-bus.json", { profile: "nats-js-3" }),
      commandLine("lint ./manifests", { accepted: "lint-accepted.yaml" }),
      `${commandLine("lint ./manifests", { format: "sarif" })} > lint.sarif`,
      commandLine("lint ./manifests", { format: "github" }),
      "```",
    ].join("\n"),
    [
      "An **error** has a witness: a short case under the policy that breaks a promise, in the policy's own times and in those of a live run. It is",
      "written below `.faultline/lint/`, and `replay` shows it, with `--world live --bus NAME` on a real server too. Where no case breaks a promise, or where no",
      "file says the value and an import assumed it, the finding is a **warning**. Exit code 1 means that there is an error, 0 that there is none.",
    ].join("\n"),
    [
      "Findings that you live with stand in a file, each with a reason. `about` is a part of the finding's sentence; without it every finding of the rule is",
      "accepted. A line that matches no finding any more fails the run.",
    ].join("\n"),
    [
      "```yaml",
      "version: 1",
      "accepted:",
      "  - { id: P003, about: sys.heartbeat, reason: the dashboard reads it from the stream }",
      "```",
    ].join("\n"),
    [
      "P002, two streams on one subject, has no rule: the server refuses them, and so does the import, with both places. A policy has one kind of",
      "consumer and no broadcast, so P021, a durable that broadcast subscribers share, cannot be read off it.",
    ].join("\n"),
    "## Rules",
    ...rules.map(renderRule),
  ].join("\n\n");

const renderRule = ({ id, name, says, why, source }: LintRule): string =>
  [`### ${id} ${name}`, "", `${says} ${why}`, "", `Source: ${source}.`].join("\n");

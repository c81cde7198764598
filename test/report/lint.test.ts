/** The findings of `lint` in each format, also where every text of them is hostile. */
import { expect, test } from "vitest";
import type { LintFinding, LintReport } from "../../src/report/lint/finding.ts";
import { lintAnnotations } from "../../src/report/lint/github.ts";
import { sarifOf } from "../../src/report/lint/sarif.ts";
import { renderLint } from "../../src/report/lint/text.ts";
import { plain } from "../../src/report/paint.ts";
import { jsonText, rendered } from "../../src/text/clean.ts";

const finding: LintFinding = {
  id: "P013",
  severity: "error",
  message: "the stream JOBS keeps job.a in memory",
  remedy: 'Give the stream storage "file".',
  at: "streams[0].storage",
  place: { file: "manifests/jobs.yaml", line: 7, column: 3, key: "spec.storage" },
  assumed: null,
  witness: ".faultline/lint/shop--P013--0a.json",
  promise: "durable-path/acked-is-never-lost",
};

const report = (change: Partial<LintReport> = {}): LintReport => ({
  policy: "shop",
  profile: "nats-go",
  findings: [finding],
  accepted: [],
  stale: [],
  rules: [{ id: "P013", name: "in-memory", says: "It is in memory.", why: "It is gone.", source: "F-59" }],
  notModelled: [],
  ...change,
});

test("a person reads the place, what to change, the promise and the line that shows it", () => {
  expect(renderLint(report(), plain)).toBe(`✗ error P013 the stream JOBS keeps job.a in memory
  at        manifests/jobs.yaml:7:3 spec.storage
  change    Give the stream storage "file".
  breaks    durable-path/acked-is-never-lost
  shown by  npx faultline replay .faultline/lint/shop--P013--0a.json

✗ shop on nats-go: 1 error, 0 warnings`);
});

test("errors come before warnings, and each by file and line", () => {
  const at = (line: number, change: Partial<LintFinding>): LintFinding => ({
    ...finding,
    place: { file: "a.yaml", line, column: 1, key: "x" },
    message: `line ${line}`,
    ...change,
  });
  const findings = [at(9, {}), at(2, { severity: "warning", witness: null, promise: null }), at(5, {})];
  const marks = [...renderLint(report({ findings }), plain).matchAll(/(error|warning) P013 (line \d)/g)];
  expect(marks.map(([, severity, line]) => [severity, line])).toEqual([
    ["error", "line 5"],
    ["error", "line 9"],
    ["warning", "line 2"],
  ]);
});

test("a stale line of the accepted findings makes a clean policy red", () => {
  const stale = [{ id: "P008", reason: "known", file: "accepted.yaml", line: 3 }];
  const text = renderLint(report({ findings: [], stale }), plain);
  expect(text).toContain("✗ accepted.yaml:3: P008 is accepted there");
  expect(text).toContain("✗ shop on nats-go: 0 errors, 0 warnings, 1 accepted finding gone");
});

test("an annotation has GitHub's own escapes", () => {
  const place = { file: "a,b:c.yaml", line: 7, column: 3, key: "x" };
  expect(lintAnnotations(report({ findings: [{ ...finding, place, message: "100% of a, b: c" }] }))).toEqual([
    '::error title=P013,file=a%2Cb%3Ac.yaml,line=7,col=3::100%25 of a, b: c. Give the stream storage "file". Shown by: npx faultline replay .faultline/lint/shop--P013--0a.json',
  ]);
});

interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: string;
  readonly message: { readonly text: string };
  readonly locations: readonly { readonly physicalLocation?: unknown }[];
  readonly partialFingerprints: Readonly<Record<string, string>>;
  readonly suppressions?: readonly unknown[];
}
interface SarifLog {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } };
    readonly results: readonly SarifResult[];
  }[];
}
const sarif = (one: LintReport): SarifLog => JSON.parse(jsonText(sarifOf(one, "1.0.0"))) as SarifLog;

test("SARIF has each rule, and each finding with its place and the index of its rule", () => {
  const accepted = [{ ...finding, message: "another", reason: "we know" }];
  const { version, runs } = sarif(report({ accepted }));
  const [run] = runs;
  expect(version).toBe("2.1.0");
  expect(run?.results.map(({ ruleId, level }) => [ruleId, level])).toEqual([
    ["P013", "error"],
    ["P013", "error"],
  ]);
  const [first, second] = run?.results ?? [];
  expect(run?.tool.driver.rules[first?.ruleIndex ?? -1]?.id).toBe("P013");
  expect(first?.locations[0]?.physicalLocation).toEqual({
    artifactLocation: { uri: "manifests/jobs.yaml" },
    region: { startLine: 7, startColumn: 3 },
  });
  expect(first?.suppressions).toBeUndefined();
  expect(second?.suppressions).toEqual([{ kind: "external", status: "accepted", justification: "we know" }]);
});

test("a finding has the same fingerprint when its file grows above it, and another has another", () => {
  const printOf = (one: LintFinding): unknown =>
    sarif(report({ findings: [one] })).runs[0]?.results[0]?.partialFingerprints;
  const moved = { ...finding, place: { file: "manifests/jobs.yaml", line: 99, column: 3, key: "spec.storage" } };
  expect(printOf(moved)).toEqual(printOf(finding));
  expect(printOf({ ...finding, message: "another" })).not.toEqual(printOf(finding));
});

/** A hundred texts that steer terminals, runners, XML or JSON, or are too long. */
const hostile: readonly string[] = Array.from({ length: 100 }, (_, i) => {
  const bad = [
    "\n::error::injected",
    "\r\n::set-env name=X::1",
    "##[group]x",
    "\u001b[2J\u001b[1;1Hall is well",
    "</script><script>alert(1)</script>",
    "\ud800",
    "\u202egnp.exe",
    "]]>",
    "%0A::warning::x",
    "x".repeat(1_000_000),
  ];
  return `${bad[i % bad.length]}${i}`;
});

test.each(hostile.map((text, i) => [i, text] as const))("hostile text %i does nothing in any format", (_, text) => {
  const bad: LintFinding = {
    ...finding,
    message: text,
    remedy: text,
    at: text,
    place: { file: text, line: 1, column: 1, key: text },
    assumed: text,
    witness: text,
    promise: text,
  };
  const all = report({
    policy: text,
    findings: [bad],
    accepted: [{ ...bad, reason: text }],
    stale: [{ id: text, reason: text, file: text, line: 1 }],
  });
  const lines = lintAnnotations(all);
  expect(lines).toHaveLength(2);
  for (const line of lines) {
    expect(line).toMatch(/^::error [^\n\r]*$/);
    expect(line.slice(2)).not.toMatch(/\n|\r|^::/m);
    expect(line.length).toBeLessThan(100_000);
  }
  const shown = rendered(renderLint, all, plain);
  expect(shown).not.toMatch(/^\s*::|\p{Cc}\[|##\[/mu);
  expect(shown.length).toBeLessThan(200_000);
  const [run] = sarif(all).runs;
  expect(run?.results).toHaveLength(2);
  expect(JSON.stringify(run).length).toBeLessThan(200_000);
});

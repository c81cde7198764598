/**
 * `faultline init`: a policy by asking. It imports the files that there are, asks for whatever no file says, with the importer's default as
 * the answer to an empty line, and writes the policy's file. Where nobody can be asked, the defaults stand and are listed.
 */
import { existsSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";
import { exitCodes, UsageError } from "../errors.ts";
import { answerAt, missingPlace, takesAt, withAnswer } from "../files/import/answers.ts";
import type { ToFill } from "../files/import/assumed.ts";
import { declaredText, type Families, withDeclared } from "../files/import/declared.ts";
import { type Imported, importTexts, nameAfter, textsOfFiles } from "../files/import/import.ts";
import { checkPolicy, patternShape } from "../files/policy-schema.ts";
import type { CommandEnding } from "../findings/ending.ts";
import { type InitReport, questionsBegin, questionText, renderInit } from "../report/init.ts";
import type { Context } from "../runs/context.ts";
import { jsonText, rendered } from "../text/clean.ts";
import { policyNameOf } from "./import.ts";

export interface InitOptions {
  readonly name?: string;
  readonly durable?: readonly string[];
  readonly bestEffort?: readonly string[];
  /** Answers as PLACE=VALUE. */
  readonly set?: readonly string[];
  readonly yaml?: boolean;
}

/** Shows a question and returns the line that was typed; undefined where there are no more. */
export type AskPerson = (question: string) => Promise<string | undefined>;

/** Data of a policy on its way, with the places that still have a default. */
interface UnfinishedPolicy {
  readonly data: unknown;
  readonly toFill: readonly ToFill[];
}

/** Writes NAME.json or NAME.yaml. @throws BadInput, UsageError */
export async function initPolicy(
  context: Context,
  files: readonly string[],
  options: InitOptions,
  person: AskPerson | undefined,
): Promise<CommandEnding> {
  const ask = person === undefined ? undefined : beginning(person);
  const name = policyNameOf(options.name ?? (files.length === 0 ? "my-bus" : nameAfter(files)));
  const file = `${name}.${options.yaml === true ? "yaml" : "json"}`;
  if (existsSync(file))
    throw new UsageError(`${file} is there already: remove it, or give another name with --name. Nothing was written.`);
  const families = await familiesFrom(files, options, ask);
  const imported = importedFrom(files, families, name);
  const draft = await asked(answeredBy(options.set ?? [], draftOf(imported, files, families)), ask);
  refuseMissing(draft);
  const policy = checkPolicy(draft.data, file);
  const text = options.yaml === true ? stringify(draft.data, { lineWidth: 0 }) : `${jsonText(draft.data, 2)}\n`;
  // Another process may have made it meanwhile.
  writeFileSync(file, text, { flag: "wx" });
  const { read, notCarried } = imported;
  const document = { read, policy, notCarried, toFill: draft.toFill, file } as unknown as InitReport;
  return { kind: "init", document, exitCode: exitCodes.holds, text: rendered(renderInit, document, context.paint) };
}

/** Tells once how to answer. */
function beginning(ask: AskPerson): AskPerson {
  let before = questionsBegin;
  return question => {
    const whole = before + question;
    before = "";
    return ask(whole);
  };
}

/** Someone who has neither files nor flags is asked for subjects first. */
async function familiesFrom(
  files: readonly string[],
  { durable, bestEffort }: InitOptions,
  ask: AskPerson | undefined,
): Promise<Families> {
  refuseOdd("--durable", durable);
  refuseOdd("--best-effort", bestEffort);
  const isAsked = files.length === 0 && durable === undefined && bestEffort === undefined;
  if (!isAsked || ask === undefined) return { durable: durable ?? [], bestEffort: bestEffort ?? [] };
  return {
    durable: await subjectsTyped("Subjects whose messages must not be lost, such as orders.> jobs.*\n> ", ask),
    bestEffort: await subjectsTyped("Subjects whose messages may be lost\n> ", ask),
  };
}

async function subjectsTyped(first: string, ask: AskPerson): Promise<readonly string[]> {
  let question = first;
  for (;;) {
    const subjects = ((await ask(question)) ?? "").split(/[\s,]+/).filter(one => one !== "");
    const wrong = subjects.map(wrongPattern).find(one => one !== undefined);
    if (wrong === undefined) return subjects;
    question = `${wrong}.\n> `;
  }
}

/** @throws UsageError */
function refuseOdd(option: string, subjects: readonly string[] = []): void {
  const wrong = subjects.map(wrongPattern).find(one => one !== undefined);
  if (wrong !== undefined) throw new UsageError(`${option}: ${wrong}.`);
}

function wrongPattern(subject: string): string | undefined {
  const [issue] = patternShape.safeParse(subject).error?.issues ?? [];
  return issue === undefined ? undefined : `${JSON.stringify(subject)} ${issue.message}`;
}

/** @throws BadInput */
const importedFrom = (files: readonly string[], { durable }: Families, name: string): Imported =>
  importTexts([...textsOfFiles(files), ...(durable.length === 0 ? [] : [declaredText(durable)])], name, {
    origin: [...files, "the options"].join(", "),
    mayBeEmpty: true,
  });

/** Durability is no assumption where every stream was declared durable. */
const draftOf = ({ policy, toFill }: Imported, files: readonly string[], families: Families): UnfinishedPolicy => ({
  data: withDeclared(policy, families),
  toFill: toFill.filter(one => files.length > 0 || one.place !== "families[].durability"),
});

/** @throws UsageError */
function refuseMissing({ data }: UnfinishedPolicy): void {
  const missing = missingPlace(data);
  if (missing !== undefined)
    throw new UsageError(`${missing.place} ${missing.why}: add --set ${missing.place}=VALUE. Nothing was written.`);
}

/** @throws UsageError */
function answeredBy(set: readonly string[], draft: UnfinishedPolicy): UnfinishedPolicy {
  return set.reduce((before, one) => {
    const [place = "", ...rest] = one.split("=");
    if (rest.length === 0)
      throw new UsageError(`--set must be PLACE=VALUE, such as startup.strategy=fail-fast; it is ${one}.`);
    const answer = answerAt(place, rest.join("="));
    if ("wrong" in answer) throw new UsageError(`--set ${one}: ${place} ${answer.wrong}.`);
    return filled(before, place, answer.value);
  }, draft);
}

const filled = ({ data, toFill }: UnfinishedPolicy, place: string, value: unknown): UnfinishedPolicy => ({
  data: withAnswer(data, place, value),
  toFill: toFill.filter(one => one.place !== place),
});

/** Goes through the places in their order, and then through those that an answer has made necessary. */
async function asked(before: UnfinishedPolicy, ask: AskPerson | undefined): Promise<UnfinishedPolicy> {
  if (ask === undefined) return before;
  let draft = before;
  for (const one of before.toFill) draft = await answeredAt(draft, one, ask);
  for (let missing = missingPlace(draft.data); missing !== undefined; missing = missingPlace(draft.data)) {
    const next = await answeredAt(draft, { ...missing, default: null }, ask);
    if (next === draft) return draft;
    draft = next;
  }
  return draft;
}

async function answeredAt(draft: UnfinishedPolicy, one: ToFill, ask: AskPerson): Promise<UnfinishedPolicy> {
  const takes = takesAt(one.place);
  if (takes === undefined) return draft;
  let question = questionText(one, takes);
  for (;;) {
    const line = (await ask(question))?.trim();
    if (line === undefined || line === "") return draft;
    const answer = answerAt(one.place, line);
    if ("value" in answer) return filled(draft, one.place, answer.value);
    question = `It ${answer.wrong}.\n> `;
  }
}

/** The files that the house rules look at, and what the rules ask of their text. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";

export interface SourceFile {
  /** From the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export const root = join(import.meta.dirname, "..");
/** They hold planted bad examples. */
const selves = ["test/tidy.test.ts", "test/tidy-tree.test.ts"];

/** Every TypeScript file, or every file of another pattern, that git has or would have. */
export function sources(pattern = "*.ts"): SourceFile[] {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", pattern], {
    cwd: root,
  });
  return listed
    .toString()
    .split("\n")
    .filter(path => path !== "" && !selves.includes(path) && existsSync(join(root, path)))
    .map(path => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** What a file imports: packages by name, our own files by their path from the root. */
export function importsOf({ path, text }: SourceFile): string[] {
  const named = [...text.matchAll(/(?:^|\n)\s*(?:import|export)\b[^"';]*?from\s+"([^"]+)"/g)];
  const bare = [...text.matchAll(/(?:^|\n)\s*import\s+"([^"]+)"/g)];
  const dynamic = [...text.matchAll(/\bimport\(\s*"([^"]+)"/g)];
  return [...named, ...bare, ...dynamic].map(([, to = ""]) =>
    to.startsWith(".") ? posix.normalize(posix.join(posix.dirname(path), to)) : to,
  );
}

export const withoutComments = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\//g, comment => comment.replace(/[^\n]/g, " ")).replace(/(^|[^:"'`\\])\/\/.*$/gm, "$1");

export const planted = (path: string, text: string): SourceFile => ({ path, text });

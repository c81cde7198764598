/**
 * What is mutated, in slices by concern. A new file of models/ is a slice of its own by its name, and needs no entry here.
 */

/** Files that are too small for a slice of their own, or that belong together. */
const sliceOfFile: Readonly<Record<string, string>> = {
  "models/choice.ts": "bus",
  "models/index.ts": "bus",
  "models/state.ts": "bus",
};

/** The slice that a file belongs to; paths from the repository's root, with forward slashes. */
export function sliceOf(file: string): string {
  const named = sliceOfFile[file];
  if (named !== undefined) return named;
  const [folder = "", ...path] = file.split("/");
  if (folder === "properties") return path[0] === "arbitraries" ? "arbitraries" : "properties";
  return (path.length > 1 ? path[0] : path[0]?.replace(/\.ts$/, "")) ?? folder;
}

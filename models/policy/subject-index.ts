/** Many patterns at once: those that cover a subject, found token by token, whatever their number. */

interface Node {
  readonly children: Map<string, Node>;
  /** The patterns that end here. */
  readonly ends: number[];
  /** The patterns that go on with `>`. */
  readonly rest: number[];
}

const newNode = (): Node => ({ children: new Map(), ends: [], rest: [] });

export class SubjectIndex {
  readonly #root = newNode();

  constructor(patterns: readonly string[]) {
    for (const [i, pattern] of patterns.entries()) this.#add(pattern, i);
  }

  #add(pattern: string, index: number): void {
    let node = this.#root;
    for (const token of pattern.split(".")) {
      if (token === ">") {
        node.rest.push(index);
        return;
      }
      const next = node.children.get(token) ?? newNode();
      node.children.set(token, next);
      node = next;
    }
    node.ends.push(index);
  }

  /** The places of all patterns that cover the subject, the first of the list first. */
  covering(subject: string): readonly number[] {
    const found: number[] = [];
    const tokens = subject.split(".");
    const visit = (node: Node, at: number): void => {
      if (at === tokens.length) {
        found.push(...node.ends);
        return;
      }
      found.push(...node.rest);
      const [exact, any] = [node.children.get(tokens[at] ?? ""), node.children.get("*")];
      if (exact !== undefined) visit(exact, at + 1);
      if (any !== undefined && any !== exact) visit(any, at + 1);
    };
    visit(this.#root, 0);
    return found.length > 1 ? found.sort((a, b) => a - b) : found;
  }
}

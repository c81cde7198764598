/**
 * A user's command line, turned into its program. A shell may stay around the command that it runs, as dash does. Its pid, its memory and
 * its exit are then the shell's, and a signal never reaches the bus. `exec` before a single command leaves no shell behind. A command line
 * that is more than a single command, or may be, is left as it is, and the bus's process is found once it has greeted.
 */

/** Words that name no program, or that the shell treats as `exec` would not. */
const notForExec = new Set(
  (
    "! { } [[ ]] if then elif else fi for in do done while until case esac function select time " +
    ". : alias bg break builtin cd command continue declare eval exit export fc fg getopts hash jobs local read readonly " +
    "return set shift source times trap type typeset ulimit umask unalias unset wait"
  ).split(" "),
);

const blanks = /[ \t]+/y;
const assignment = /[A-Za-z_][A-Za-z0-9_]*=/y;
/** An assignment that only some shells know: `exec` would take it for a program. */
const oddAssignment = /^\w+(?:\+|\[.*\])=/;
/**
 * Quoted text, an escaped character, a plain variable, or characters that mean nothing to a shell. Patterns and tildes are left to the
 * shell.
 */
const pieces =
  /(?:'[^']*'|"(?:[^"\\$`]|\\[^\n]|\$(?:\w+|\{\w+\}))*"|\\[^\n]|\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})|[^\s'"\\$`;&|<>()#]|(?<=\S)#)+/y;
/** A redirection to or from a file, or to a descriptor by its number. */
const redirection = /(?:>>|<>|>\||>|<)(?![<>&|(])|[<>]&(?=\d)/y;

/** The same command without a shell around it; undefined where it is, or may be, more than one command. */
export function withoutShell(commandLine: string): string | undefined {
  const line = commandLine.trim();
  /** The end of the match that begins there; `at` if nothing matches. */
  const after = (pattern: RegExp, at: number): number => {
    pattern.lastIndex = at;
    return pattern.test(line) ? pattern.lastIndex : at;
  };
  let program = 0;
  for (let next = after(assignment, 0); next > program; next = after(assignment, program))
    program = after(blanks, after(pieces, next));
  const programEnd = after(pieces, program);
  const word = line.slice(program, programEnd);
  if (word === "" || notForExec.has(word) || oddAssignment.test(word)) return undefined;
  for (let at = programEnd; at < line.length; ) {
    const next = after(redirection, after(pieces, after(blanks, at)));
    if (next === at) return undefined;
    at = next;
  }
  return word === "exec" ? line : `${line.slice(0, program)}exec ${line.slice(program)}`;
}

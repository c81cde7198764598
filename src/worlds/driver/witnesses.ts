/**
 * The second opinion on what a run has seen. The observer is held against another subscription and against the server's count of what it
 * sent; the reading of a stream against the server's figures, these against each other, and the reading against one of another kind. Where two
 * of them differ the harness is at fault, or the server is, and the client is accused of nothing.
 */
import type { Arrived, Held, HeldContent, ObserverCounts, Wire } from "./rig.ts";

/** The difference between the observer and a second one, as a sentence; undefined where they agree. */
export const observerDoubt = (seen: Arrived, second: Arrived | undefined): string | undefined =>
  second && differenceOf("the observer", seen, "a second observer", second);

/** The difference between what the observer has read and what the server says that it sent; undefined where they agree. */
export const countDoubt = ({ read, sent }: ObserverCounts): string | undefined =>
  sent === undefined || sent === read
    ? undefined
    : `the server has sent the observer ${messages(sent)}, and it has read ${read}`;

/** The difference between the two readings of a stream, or between the first and the server's count; undefined where they agree. */
export function streamDoubt(stream: string, held: Held, byNumber: HeldContent | undefined): string | undefined {
  const read = lengthOf(held) + held.deadLetters.length;
  const { messages: counted } = held.state;
  if (read !== counted) return `the server counts ${messages(counted)} in ${stream}, and ${read} were read`;
  const doubt = numbersDoubt(stream, held);
  if (doubt !== undefined || byNumber === undefined) return doubt;
  const reading = `a reading of ${stream}`;
  return (
    differenceOf(reading, held, "a second one", byNumber) ??
    (areEqual(held.deadLetters, byNumber.deadLetters)
      ? undefined
      : `${reading} and a second one differ in their dead letters`) ??
    (areEqual(held.numbers, byNumber.numbers)
      ? undefined
      : `${reading} has met ${numbersText(held.numbers)}, and a second one ${numbersText(byNumber.numbers)}`)
  );
}

/**
 * The difference between the bytes that the link took from the client and those that it gave the server, where the case does not explain it;
 * undefined where it does, or where they agree. Each fault of a link lets the beginning of a connection through, and nothing else.
 */
export function wireDoubt(
  openings: readonly { readonly mayLose: boolean; readonly mayLackTaken: boolean }[],
  { openings: carried, differsAt }: Wire,
): string | undefined {
  if (differsAt !== undefined)
    return `byte ${differsAt} of a connection did not come out of the link as the client had sent it`;
  for (const [index, { mayLose, mayLackTaken }] of openings.entries()) {
    const { taken, given } = carried[index] ?? { taken: 0, given: 0 };
    const isExplained = given === taken || (given < taken ? mayLose : mayLackTaken);
    if (!isExplained) return `the link took ${taken} bytes from the client and gave the server ${given}`;
  }
  return undefined;
}

/** Every number is that of a message held, of one deleted, or lies below the first. */
function numbersDoubt(stream: string, { state, numbers }: Held): string | undefined {
  const { firstNumber: first, lastNumber: last, messages: held, deleted } = state;
  if (last !== first - 1 + held + deleted)
    return `the server counts ${messages(held)} in ${stream} and ${deleted} deleted, and numbers them from ${first} to ${last}`;
  if (numbers === undefined || (numbers.first === first && numbers.last <= last)) return undefined;
  return `the server numbers the messages of ${stream} from ${first} to ${last}, and ${numbersText(numbers)} were read`;
}

const numbersText = (numbers: Held["numbers"]): string =>
  numbers === undefined ? "no number" : `the numbers ${numbers.first} to ${numbers.last}`;

const messages = (count: number): string => `${count} message${count === 1 ? "" : "s"}`;

const lengthOf = ({ runs, foreign }: Arrived): number => runs.reduce((sum, { count }) => sum + count, foreign);

const areEqual = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

function differenceOf(name: string, one: Arrived, otherName: string, other: Arrived): string | undefined {
  const [count, otherCount] = [lengthOf(one), lengthOf(other)];
  if (count !== otherCount) return `${name} has seen ${messages(count)}, and ${otherName} ${otherCount}`;
  const isSame = one.foreign === other.foreign && areEqual(one.runs, other.runs);
  if (!isSame) return `${name} and ${otherName} have seen ${messages(count)}, and not the same ones in the same order`;
  return areEqual(one.headerBytes, other.headerBytes)
    ? undefined
    : `${name} and ${otherName} have seen ${messages(count)}, and not with the same headers`;
}

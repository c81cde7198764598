/**
 * The whole content of plain values as short strings: equal strings, equal contents. An exploration keeps one for each of millions of
 * states, so every name and every value takes one or two code units.
 */

/** The units that are neither a number nor a word. */
const marks = { object: 0, end: 1, array: 2, set: 3, map: 4, view: 5, constant: 6 } as const;
const numbersFrom = 8;
const numbersMax = 0x3fff;
const wordsFrom = numbersFrom + numbersMax + 1;
/** Words beyond these take three units: this one, and two halves. */
const longWord = 0xffff;
const shortWords = longWord - wordsFrom;
const halfBits = 15;
/** No call takes more arguments. */
const unitsPerCall = 8_192;

export class ContentKeys {
  private readonly constants: ReadonlySet<unknown>;
  /** Called with each object that is no array, map, set or view; throws where its fields do not tell all. */
  private readonly mustBePlain: (value: object) => void;
  private readonly words = new Map<unknown, number>();
  private units: number[] = [];

  /** `constants` are the same in every value, and take one unit each. */
  constructor(constants: ReadonlySet<unknown>, mustBePlain: (value: object) => void) {
    this.constants = constants;
    this.mustBePlain = mustBePlain;
  }

  of(value: unknown): string {
    const units: number[] = [];
    this.units = units;
    this.write(value);
    if (units.length <= unitsPerCall) return String.fromCharCode(...units);
    let text = "";
    for (let i = 0; i < units.length; i += unitsPerCall)
      text += String.fromCharCode(...units.slice(i, i + unitsPerCall));
    return text;
  }

  private write(value: unknown): void {
    if (typeof value === "number") this.writeNumber(value);
    else if (typeof value !== "object" || value === null) this.writeWord(value);
    else if (this.constants.has(value)) this.units.push(marks.constant);
    else if (Array.isArray(value)) this.writeList(marks.array, value.length, value);
    else if (value instanceof Set) this.writeList(marks.set, value.size, value);
    else if (value instanceof Map) {
      this.units.push(marks.map);
      this.writeNumber(value.size);
      for (const [name, one] of value) {
        this.write(name);
        this.write(one);
      }
    } else if (ArrayBuffer.isView(value)) {
      const { length } = value as Uint8Array;
      this.writeList(marks.view, length, value as Uint8Array);
    } else this.writeObject(value);
  }

  private writeObject(value: object): void {
    this.mustBePlain(value);
    this.units.push(marks.object);
    const fields = value as Readonly<Record<string, unknown>>;
    for (const name in fields) {
      this.writeWord(name);
      this.write(fields[name]);
    }
    this.units.push(marks.end);
  }

  private writeList(mark: number, length: number, values: Iterable<unknown>): void {
    this.units.push(mark);
    this.writeNumber(length);
    for (const one of values) this.write(one);
  }

  private writeNumber(value: number): void {
    if (Number.isInteger(value) && value >= 0 && value <= numbersMax) this.units.push(numbersFrom + value);
    else this.writeWord(value);
  }

  private writeWord(value: unknown): void {
    let word = this.words.get(value);
    if (word === undefined) {
      word = this.words.size;
      this.words.set(value, word);
    }
    if (word < shortWords) this.units.push(wordsFrom + word);
    else this.units.push(longWord, word >>> halfBits, word & ((1 << halfBits) - 1));
  }
}

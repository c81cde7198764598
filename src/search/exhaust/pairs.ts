/** A map from pairs of numbers to numbers, all from 0 to 2^31 - 1, flat in memory: an exploration holds tens of millions of them. */
export class Pairs {
  private size = 0;
  private mask = 1_023;
  /** Three words a slot: both of the pair, and the value plus one; 0 where the slot is free. */
  private slots = new Int32Array(3 * (this.mask + 1));

  /** -1 where the pair is missing. */
  get(a: number, b: number): number {
    return (this.slots[this.slotOf(a, b) + 2] as number) - 1;
  }

  set(a: number, b: number, value: number): void {
    if (2 * this.size > this.mask) this.grow();
    const slot = this.slotOf(a, b);
    if (this.slots[slot + 2] === 0) this.size++;
    this.slots[slot] = a;
    this.slots[slot + 1] = b;
    this.slots[slot + 2] = value + 1;
  }

  /** The slot of the pair, or the free one where it would go. */
  private slotOf(a: number, b: number): number {
    const { slots, mask } = this;
    let hash = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 15), 0xc2b2ae35);
    for (let i = (hash ^ (hash >>> 13)) & mask; ; i = (i + 1) & mask) {
      const slot = 3 * i;
      if (slots[slot + 2] === 0 || (slots[slot] === a && slots[slot + 1] === b)) return slot;
    }
  }

  private grow(): void {
    const before = this.slots;
    this.mask = 2 * this.mask + 1;
    this.slots = new Int32Array(3 * (this.mask + 1));
    for (let at = 0; at < before.length; at += 3) {
      if (before[at + 2] === 0) continue;
      const slot = this.slotOf(before[at] as number, before[at + 1] as number);
      for (let word = 0; word < 3; word++) this.slots[slot + word] = before[at + word] as number;
    }
  }
}

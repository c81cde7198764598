/** A fast-check Arbitrary out of three functions: how a value is drawn, which values are known again, and what is smaller than one. */
import fc from "fast-check";
import { Random } from "./random.ts";

export interface Drawing<T> {
  draw(chance: fc.Random): T;
  /** True where a stored value could have been drawn here, so that it can be shrunk. */
  isOne(value: unknown): value is T;
  /** Smaller values, the smallest first. None may lead back to the value. */
  smaller(value: T): Iterable<T>;
}

class DrawnArbitrary<T> extends fc.Arbitrary<T> {
  private readonly drawing: Drawing<T>;
  constructor(drawing: Drawing<T>) {
    super();
    this.drawing = drawing;
  }
  override generate(mrng: fc.Random): fc.Value<T> {
    return new fc.Value(this.drawing.draw(mrng), undefined);
  }
  override canShrinkWithoutContext(value: unknown): value is T {
    return this.drawing.isOne(value);
  }
  override shrink(value: T): fc.Stream<fc.Value<T>> {
    return fc.stream(valuesOf(this.drawing.smaller(value)));
  }
}

function* valuesOf<T>(all: Iterable<T>): IterableIterator<fc.Value<T>> {
  for (const one of all) yield new fc.Value(one, undefined);
}

/** Our generator, seeded by fast-check's. */
export const randomFrom = (chance: fc.Random): Random =>
  new Random(chance.nextInt(), chance.nextInt(), chance.nextInt());

export const drawn = <T>(drawing: Drawing<T>): fc.Arbitrary<T> => new DrawnArbitrary(drawing);

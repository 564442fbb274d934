let bumps = 0;

/** Captures and assigns a variable of its module: such a function can only travel by its module. */
export function bump(x) {
  bumps++;
  return x + Math.sign(bumps);
}

export default (x) => x * 100;

export class Clock {
  static #ticks = 0;
  tick() {
    return ++Clock.#ticks;
  }
}

/** Another in each thread that imports this module. */
export const drawn = Math.random();

export const table = Float64Array.of(1, 2, 3);

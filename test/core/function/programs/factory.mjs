/** Makes a counter again from `{ start, step }`; needs the environment that revive was given. */
export function makeCounter({ start, step }, environment) {
  if (typeof environment.importModule !== "function") throw new Error("no environment");
  let n = start;
  return { next: () => (n = step(n)) };
}

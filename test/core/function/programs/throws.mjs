// Prints pairs of stacks, as JSON: of the error as the original function throws it, and as the revived one does.
import { ship } from "../../../../dist/core/function/ship.js";
import { revive } from "../../../../dist/core/function/revive.js";

const limit = 1;
const fail = (x) => {
  if (x > limit) throw new Error("too large");
  return x;
};

const functions = {
  fail,
  oneLine: (x) => { if (x > limit) throw new Error("one line"); }, // prettier-ignore
  oneLineFunction: async function named(x) { throw new Error(`one line ${x}`); }, // prettier-ignore
  throughHelper: (x) => {
    return fail(x) + 1;
  },
  method(x) {
    return fail(x);
  },
  "a quoted name"(x) {
    throw new RangeError(`${x}`);
  },
  async later(x) {
    await Promise.resolve();
    throw new Error(`later ${x}`);
  },
  declared,
  broken: function broken(x) {
    throw new Error(`broken ${x}`);
  },
  native: (x) => [x].map((each) => each.nothing.at.all),
};

function declared(x) {
  null.property = x;
}

async function stackOf(fn) {
  try {
    await fn(2);
    return "nothing was thrown";
  } catch (error) {
    return error.stack;
  }
}

const pairs = {};
for (const [name, fn] of Object.entries(functions)) {
  const revived = await revive(structuredClone(ship(fn, "map", "fn")), { importModule: (url) => import(url) });
  pairs[name] = [await stackOf(fn), await stackOf(revived)];
}
process.stdout.write(JSON.stringify(pairs));

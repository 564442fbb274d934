// Prints, as JSON, the messages with which functions are refused that see variables before their declaration has run,
// and "taken" for those that only look like it.
import { ship } from "../../../../dist/core/function/ship.js";

const results = {};
function row(name, fn) {
  try {
    ship(fn, "map", "fn");
    results[name] = "taken";
  } catch (error) {
    results[name] = error.message;
  }
}

const early = () => offset;
row("module", early);
row("class", () => new Late());
const itself = row("itself", () => itself);
{
  row("block", () => inner);
  const inner = 1;
  row("block, after", () => inner);
}
function within() {
  row("function", () => [local, local2]);
  const [local, { local2 }] = [1, { local2: 2 }];
  row("function, after", () => [local, local2]);
}
within();
row("of a function that has run", makeLate());
function makeLate() {
  const late = () => after;
  const after = undefined;
  return late;
}
row("var", () => hoisted);
var hoisted = 1;
let unset; // oxlint-disable-line no-unassigned-vars
row("let without value", () => unset);
const nothing = undefined;
row("undefined", () => nothing);
const textuallyBefore = () => declaredLater;
const offset = 2;
const declaredLater = undefined;
class Late {}
row("module, after", early);
row("textually before", textuallyBefore);
await Promise.resolve();
row("after an await", textuallyBefore);
process.stdout.write(JSON.stringify(results));

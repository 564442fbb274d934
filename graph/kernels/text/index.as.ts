/**
 * Text to columns, and strings in order: loops over the module's own memory, one instance for each piece of work.
 */
export { copyStrings, createDictionary, freeDictionary, intern, setKeys, sizeOf, usedBytesOf } from "./dictionary.as";
export {
  beginsOf,
  cellRoom,
  endsOf,
  kindsOf,
  largestId,
  layOut,
  leftOf,
  numLeftOf,
  readRows,
  setColumn,
  setColumns,
  stoppedAt,
  textRoom,
  valuesOf,
} from "./rows.as";
export {
  addedBytes,
  addStrings,
  countDigits,
  findKeys,
  makeRoom,
  moveRows,
  sortStrings,
  takeSorted,
} from "./sorter.as";

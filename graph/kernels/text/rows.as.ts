/**
 * Rows of text as columns: ids, weights and numbers parsed, strings made codes. Reads lines from the start of a block on as
 * long as each is a plain row without a fault, and stops in front of the first that is anything else.
 */
import { integer, isUtf8, notPlain, number, padded, parseInteger, parseNumber, plainInteger } from "./cells.as";
import { internAll } from "./dictionary.as";
import { edgesEnd, edgeSlack, readEdges } from "./edges.as";
import { setWord, slack, word } from "./memory.as";

/** Most rows of one call. */
export const batchRows: u32 = 2048;

/** How a column of attributes is read: a weight must be a plain number, as a cell it is left to the caller. */
const asWeight: u32 = 0;
const asCell: u32 = 1;
const asNumber: u32 = 2;
const asString: u32 = 3;

/** Kinds of cells, as `cellKind.ts` has them. */
const integerKind: u32 = 2;
const decimalKind: u32 = 16;

/** A column of ids or attributes. Arrays have an element a row of a batch. */
@unmanaged
class Column {
  /** Which field of a row, from 0. */
  field: u32 = 0;
  /** Of attributes: how it is read. */
  mode: u32 = 0;
  /** Kinds of the numbers that were read. */
  kinds: u32 = 0;
  /** Rows whose cell is left to the caller. */
  numLeft: u32 = 0;
  /** The dictionary of strings. */
  dictionary: usize = 0;
  /** Cells as positions: where they begin and end. Begin 0 if there is none. */
  from: usize = 0;
  to: usize = 0;
  hashes: usize = 0;
  places: usize = 0;
  /** Codes, integers of 32 or 64 bits, or doubles. */
  values: usize = 0;
  /** A byte a row: 1 if its cell is left to the caller. */
  left: usize = 0;
}

let text: usize = 0;
let textBytes: usize = 0;
let stop: usize = 0;
let cell: usize = 0;
let cellBytes: usize = 0;

/** Fields of the row at hand: where they begin and end, and whether they stood in quotes. */
let fieldFrom: usize = 0;
let fieldTo: usize = 0;
let fieldQuoted: usize = 0;
let maxFields: u32 = 0;

let isDelimited: bool = false;
let delimiter: u32 = 0;
let allowsQuotes: bool = false;
let hasIntegers: bool = false;
let minColumns: u32 = 0;
let maxColumns: u32 = 0;
let maxFieldBytes: u32 = 0;
let maxLineBytes: u32 = 0;

let numIds: u32 = 0;
let numAttrs: u32 = 0;
let columns: usize = 0;
/** A byte for each byte that lines of another kind begin with: 1. */
let lineMarks: usize = 0;

/** Says how rows are laid out. `fields`: how many of a row are kept; further ones are only counted. */
export function layOut(
  layout: bool,
  delimiterByte: u32,
  quotes: bool,
  integers: bool,
  fields: u32,
  least: u32,
  most: u32,
  longestField: u32,
  longestLine: u32,
): void {
  isDelimited = layout;
  delimiter = delimiterByte;
  allowsQuotes = quotes;
  hasIntegers = integers;
  minColumns = least;
  maxColumns = most;
  maxFieldBytes = longestField;
  maxLineBytes = longestLine;
  if (maxFields == fields) return;
  if (maxFields > 0) {
    heap.free(fieldFrom);
    heap.free(fieldTo);
    heap.free(fieldQuoted);
  }
  maxFields = fields;
  fieldFrom = heap.alloc((<usize>fields) << 2);
  fieldTo = heap.alloc((<usize>fields) << 2);
  fieldQuoted = heap.alloc(fields);
}

/** Room for the columns: ids first. Always the same. Returns 256 bytes in which to mark by what lines of other kinds begin. */
export function setColumns(ids: u32, attrs: u32): usize {
  if (columns != 0) return lineMarks;
  numIds = ids;
  numAttrs = attrs;
  const size = <usize>(ids + attrs) * offsetof<Column>();
  columns = heap.alloc(size);
  memory.fill(columns, 0, size);
  for (let i: u32 = 0; i < ids + attrs; i++) {
    const column = columnAt(i);
    column.from = heap.alloc(batchRows * 4);
    column.to = heap.alloc(batchRows * 4);
    column.hashes = heap.alloc(batchRows * 4);
    column.places = heap.alloc(batchRows * 4);
    column.values = heap.alloc(batchRows * 8);
    column.left = heap.alloc(batchRows);
  }
  lineMarks = heap.alloc(256);
  memory.fill(lineMarks, 0, 256);
  return lineMarks;
}

/** Says which field a column is, how it is read, and into which dictionary. */
export function setColumn(index: u32, field: u32, mode: u32, dictionary: usize): void {
  const column = columnAt(index);
  column.field = field;
  column.mode = mode;
  column.dictionary = dictionary;
}

/** Where the values of a column stand after `readRows`. */
export function valuesOf(index: u32): usize {
  return columnAt(index).values;
}

export function kindsOf(index: u32): u32 {
  return columnAt(index).kinds;
}

export function numLeftOf(index: u32): u32 {
  return columnAt(index).numLeft;
}

/** Where the marks of cells left to the caller stand, */
export function leftOf(index: u32): usize {
  return columnAt(index).left;
}

/** and where the positions of cells begin and end. */
export function beginsOf(index: u32): usize {
  return columnAt(index).from;
}

export function endsOf(index: u32): usize {
  return columnAt(index).to;
}

/** Room for `numBytes` bytes of text, whose address is returned. What was there is lost if it grows. */
export function textRoom(numBytes: u32): usize {
  const needed = <usize>numBytes + edgeSlack;
  if (needed > textBytes) {
    if (text != 0) heap.free(text);
    text = heap.alloc(needed);
    textBytes = needed;
  }
  return text;
}

/** The same for a cell beside the text. */
export function cellRoom(numBytes: u32): usize {
  const needed = <usize>numBytes + slack;
  if (needed > cellBytes) {
    if (cell != 0) heap.free(cell);
    cell = heap.alloc(needed);
    cellBytes = needed;
  }
  return cell;
}

/** Where `readRows` stopped: at the start of a line, or at its `to`. */
export function stoppedAt(): usize {
  return stop;
}

/**
 * Reads lines of bytes [at, to), which end with LF, at most `maxRows` and a batch. Returns how many. `isWide`: integer ids
 * take 64 bits; else a row with one that needs them is none to read.
 */
export function readRows(at: usize, to: usize, maxRows: u32, isWide: bool): u32 {
  const most = min(maxRows, batchRows);
  let row: u32 = 0;
  for (let i = numIds; i < numIds + numAttrs; i++) {
    const column = columnAt(i);
    column.kinds = 0;
    column.numLeft = 0;
  }
  const areEdges = canBeEdges();
  while (at < to && row < most) {
    if (areEdges) {
      const weights = numAttrs > 0 ? columnAt(2).values : 0;
      row = readEdges(at, to, row, most, isWide, columnAt(0).values, columnAt(1).values, weights);
      at = edgesEnd;
      if (at == to || row == most) break;
    }
    const next = splitLine(at);
    if (next == 0 || !readIds(row, isWide) || !readAttrs(row)) break;
    at = next;
    row++;
  }
  stop = at;
  if (row == 0) return 0;
  if (!hasIntegers) internIds(row);
  for (let i = numIds; i < numIds + numAttrs; i++) {
    const column = columnAt(i);
    if (column.mode == asString) internCells(column, row);
  }
  return row;
}

function columnAt(index: u32): Column {
  return changetype<Column>(columns + <usize>index * offsetof<Column>());
}

/** The largest of the ids of the first `numRows` rows, which have 32 bits. */
export function largestId(numRows: u32): u32 {
  let largest: u32 = 0;
  for (let i: u32 = 0; i < numIds; i++) {
    const values = columnAt(i).values;
    for (let row: u32 = 0; row < numRows; row++) largest = max(largest, word(values, row));
  }
  return largest;
}

/** True if lines can be those that `readEdges` reads: ids in the first two columns, nothing else or a weight in the third. */
function canBeEdges(): bool {
  if (isDelimited || !hasIntegers || maxColumns != u32.MAX_VALUE) return false;
  if (numIds != 2 || columnAt(0).field != 0 || columnAt(1).field != 1 || numAttrs > 1) return false;
  if (numAttrs == 1 && (columnAt(2).mode != asWeight || columnAt(2).field != 2)) return false;
  for (let byte: usize = 48; byte < 58; byte++) if (load<u8>(lineMarks + byte) != 0) return false;
  return true;
}

/** Finds the fields of the line at `at`. Returns where the next line begins, 0 if this one is not a plain row. */
function splitLine(at: usize): usize {
  if (load<u8>(lineMarks + <usize>load<u8>(at)) != 0) return 0;
  return isDelimited ? splitDelimited(at) : splitBlanks(at);
}

/** Columns between runs of spaces and tabs. The first byte is neither. */
function splitBlanks(lineStart: usize): usize {
  const limit = maxFields;
  let count: u32 = 0;
  let at = lineStart;
  for (;;) {
    const from = at;
    let ends: i32 = 0;
    for (;;) {
      const bytes = v128.load(at);
      ends = i8x16.bitmask(
        v128.or(
          v128.or(i8x16.eq(bytes, i8x16.splat(32)), i8x16.eq(bytes, i8x16.splat(10))),
          i8x16.eq(bytes, i8x16.splat(9)),
        ),
      );
      if (ends != 0) break;
      at += 16;
    }
    at += ctz(ends);
    let byte = load<u8>(at);
    let end = at;
    if (byte == 10 && load<u8>(at - 1) == 13) end--;
    if (end > from) {
      if (count < limit) setField(count, from, end, false);
      count++;
    }
    while (byte == 32 || byte == 9) byte = load<u8>(++at);
    if (byte == 10) break;
    if (byte == 13 && load<u8>(at + 1) == 10) {
      at++;
      break;
    }
  }
  return settled(count, lineStart, at);
}

/** Columns between delimiters, in quotes or not. */
function splitDelimited(lineStart: usize): usize {
  const limit = maxFields;
  const separator = <u8>delimiter;
  const separators = i8x16.splat(<i8>separator);
  let count: u32 = 0;
  let at = lineStart;
  for (;;) {
    let byte = load<u8>(at);
    while ((byte == 32 || byte == 9) && byte != separator) byte = load<u8>(++at);
    const isQuoted = byte == 34;
    let from = at;
    let end = at;
    if (isQuoted) {
      if (!allowsQuotes) return 0;
      from = ++at;
      byte = load<u8>(at);
      while (byte != 34 && byte != 10) byte = load<u8>(++at);
      if (byte == 10) return 0;
      end = at++;
      byte = load<u8>(at);
      while ((byte == 32 || byte == 9) && byte != separator) byte = load<u8>(++at);
      if (byte == 13 && load<u8>(at + 1) == 10) byte = load<u8>(++at);
      if (byte != separator && byte != 10) return 0;
    } else {
      let ends: i32 = 0;
      for (;;) {
        const bytes = v128.load(at);
        ends = i8x16.bitmask(
          v128.or(
            v128.or(i8x16.eq(bytes, separators), i8x16.eq(bytes, i8x16.splat(10))),
            i8x16.eq(bytes, i8x16.splat(34)),
          ),
        );
        if (ends != 0) break;
        at += 16;
      }
      at += ctz(ends);
      byte = load<u8>(at);
      if (byte == 34) return 0;
      end = at;
      if (byte == 10 && end > from && load<u8>(end - 1) == 13) end--;
      while (end > from && (load<u8>(end - 1) == 32 || load<u8>(end - 1) == 9)) end--;
    }
    if (count < limit) setField(count, from, end, isQuoted);
    count++;
    if (byte == 10) break;
    at++;
  }
  if (count == 1 && word(fieldFrom, 0) == word(fieldTo, 0)) return 0; // a blank line
  return settled(count, lineStart, at);
}

function setField(index: u32, from: usize, to: usize, isQuoted: bool): void {
  setWord(fieldFrom, index, <u32>from);
  setWord(fieldTo, index, <u32>to);
  store<u8>(fieldQuoted + <usize>index, <u8>isQuoted);
}

/** Where the next line begins if this one, with its LF at `lineEnd`, has as many columns as it must. */
function settled(count: u32, lineStart: usize, lineEnd: usize): usize {
  if (count < minColumns || count > maxColumns || <u32>(lineEnd - lineStart) > maxLineBytes) return 0;
  for (let i = count; i < maxFields; i++) setField(i, 0, 0, false);
  return lineEnd + 1;
}

/** Checks the ids of a row and keeps them. */
function readIds(row: u32, isWide: bool): bool {
  for (let i: u32 = 0; i < numIds; i++) {
    const column = columnAt(i);
    const from = <usize>word(fieldFrom, column.field);
    const to = <usize>word(fieldTo, column.field);
    if (hasIntegers) {
      if (!parseInteger(from, to)) return false;
      if (isWide) store<u64>(column.values + ((<usize>row) << 3), integer);
      else if (integer >> 32 != 0) return false;
      else setWord(column.values, row, <u32>integer);
    } else {
      if (from == to || <u32>(to - from) > maxFieldBytes || !isText(from, to)) return false;
      setWord(column.from, row, <u32>from);
      setWord(column.to, row, <u32>to);
    }
  }
  return true;
}

/** Checks the attributes of a row and keeps them. */
function readAttrs(row: u32): bool {
  for (let i = numIds; i < numIds + numAttrs; i++) {
    const column = columnAt(i);
    const from = <usize>word(fieldFrom, column.field);
    const to = <usize>word(fieldTo, column.field);
    const isMissing = from == to && load<u8>(fieldQuoted + <usize>column.field) == 0;
    if (column.mode == asWeight) {
      if (parseNumber(from, to) == notPlain) return false;
      store<f64>(column.values + ((<usize>row) << 3), number);
      continue;
    }
    if (!isMissing && (<u32>(to - from) > maxFieldBytes || !isText(from, to))) return false;
    setWord(column.from, row, isMissing ? 0 : <u32>from);
    setWord(column.to, row, isMissing ? 0 : <u32>to);
    let isLeft = isMissing || column.mode == asCell;
    if (!isLeft && column.mode == asNumber) {
      const kind = parseNumber(from, to);
      if (kind == notPlain || kind == padded) {
        isLeft = true;
      } else {
        store<f64>(column.values + ((<usize>row) << 3), number);
        column.kinds |= kind == plainInteger ? integerKind : decimalKind;
      }
    }
    store<u8>(column.left + <usize>row, <u8>isLeft);
    column.numLeft += <u32>isLeft;
  }
  return true;
}

/** True for bytes [from, to) of UTF-8. */
function isText(from: usize, to: usize): bool {
  let at = from;
  while (at + 8 <= to) {
    if (load<u64>(at) & 0x8080808080808080) return isUtf8(at, to);
    at += 8;
  }
  const rest = (8 - <u32>(to - at)) << 3;
  return at == to || (load<u64>(at) & (0x8080808080808080 >> rest)) == 0 || isUtf8(at, to);
}

function internIds(numRows: u32): void {
  for (let i: u32 = 0; i < numIds; i++) internCells(columnAt(i), numRows);
}

function internCells(column: Column, numRows: u32): void {
  internAll(column.dictionary, column.from, column.to, numRows, column.hashes, column.places, column.values);
}

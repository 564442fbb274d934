/**
 * Checks the framing and metadata of Arrow IPC before the library reads it: it trusts every length, and where one is
 * damaged it can loop for ever or fill the memory. Layouts: Arrow's Message.fbs, Schema.fbs, File.fbs; FlatBuffers
 * internals.
 */

const magic = "ARROW1";
const headerKind = { schema: 1, dictionaryBatch: 2, recordBatch: 3 } as const;

/** True if `bytes` begin as the file form does. */
export function isFileForm(bytes: Buffer): boolean {
  return bytes.toString("latin1", 0, magic.length) === magic;
}

/** What the framing tells. */
export interface ArrowFraming {
  readonly isFile: boolean;
  /** Where the last message ends. */
  readonly end: number;
  /** Rows of each record batch. */
  readonly batchRows: readonly number[];
}

/** Checks the file form: magic at both ends, the footer, and every message that it points to. @throws Error if unsound. */
export function checkFileForm(bytes: Buffer): ArrowFraming {
  const footerEnd = bytes.length - magic.length - 4;
  if (footerEnd < 8 || bytes.toString("latin1", footerEnd + 4) !== magic) throw new Error("the file ends early");
  const footerBytes = bytes.readInt32LE(footerEnd);
  if (footerBytes <= 0 || footerBytes > footerEnd - 8) throw new Error("the footer is not where it should be");
  const footer = rootTable(bytes.subarray(footerEnd - footerBytes, footerEnd));
  checkSchema(tableAt(footer, 1));
  checkBlocks(bytes, footer, 2, headerKind.dictionaryBatch);
  return { isFile: true, end: bytes.length, batchRows: checkBlocks(bytes, footer, 3, headerKind.recordBatch) };
}

/** Checks the stream form from end to end. @throws Error if unsound. */
export function checkStream(bytes: Buffer): ArrowFraming {
  const batchRows: number[] = [];
  let position = 0;
  for (let count = 0; position < bytes.length; count++) {
    const message = messageAt(bytes, position);
    if (message === undefined) break;
    if ((count === 0) !== (message.kind === headerKind.schema))
      throw new Error(`message ${count} is of the wrong kind`);
    if (message.kind === headerKind.recordBatch) batchRows.push(message.numRows);
    position = message.end;
  }
  if (position === 0) throw new Error("it holds no schema");
  return { isFile: false, end: position, batchRows };
}

/** Blocks of 24 bytes in the footer: offset, bytes of metadata, bytes of body. Returns the rows of each. */
function checkBlocks(bytes: Buffer, footer: FlatTable, field: number, kind: number): number[] {
  const { start, length } = vectorAt(footer, field, 24);
  const rows: number[] = [];
  for (let index = 0; index < length; index++) {
    const offset = Number(footer.bytes.readBigInt64LE(start + 24 * index));
    const message = messageAt(bytes, offset);
    if (message?.kind !== kind) throw new Error(`block ${index} is not where the footer says`);
    rows.push(message.numRows);
  }
  return rows;
}

/** The message at `position`, whole and sound; undefined for the end mark. */
function messageAt(bytes: Buffer, position: number): { kind: number; end: number; numRows: number } | undefined {
  const lead = bytes.readInt32LE(position) === -1 ? 8 : 4; // before 0.15 there was no continuation mark
  const length = bytes.readInt32LE(position + lead - 4);
  if (length === 0) return undefined;
  const bodyStart = position + lead + length;
  if (length < 0 || bodyStart > bytes.length) throw new Error(`the message at byte ${position} is cut`);
  const message = rootTable(bytes.subarray(position + lead, bodyStart));
  const kindAt = fieldAt(message, 1);
  const kind = kindAt === 0 ? 0 : message.bytes.readUInt8(kindAt);
  const header = tableAt(message, 2);
  if (kind === headerKind.schema) checkSchema(header);
  else if (kind === headerKind.recordBatch) checkRecordBatch(header);
  else if (kind === headerKind.dictionaryBatch) checkRecordBatch(tableAt(header, 1));
  else throw new Error(`the message at byte ${position} is of kind ${kind}`);
  vectorAt(message, 4, 4); // custom metadata
  const bodyAt = fieldAt(message, 3);
  const end = bodyStart + (bodyAt === 0 ? 0 : Number(message.bytes.readBigInt64LE(bodyAt)));
  if (end < bodyStart || end > bytes.length) throw new Error(`the message at byte ${position} is cut`);
  return { kind, end, numRows: kind === headerKind.recordBatch ? rowsOf(header) : 0 };
}

/** The rows that a record batch says it has. */
function rowsOf(batch: FlatTable): number {
  const at = fieldAt(batch, 0);
  const numRows = at === 0 ? 0 : Number(batch.bytes.readBigInt64LE(at));
  if (numRows < 0) throw new Error(`a record batch of ${numRows} rows`);
  return numRows;
}

function checkRecordBatch(batch: FlatTable): void {
  vectorAt(batch, 1, 16); // field nodes
  vectorAt(batch, 2, 16); // buffers
  vectorAt(batch, 4, 8); // counts of variadic buffers
}

function checkSchema(schema: FlatTable): void {
  let budget = schema.bytes.length; // damaged offsets may share tables: bound the walk
  const checkFields = (parent: FlatTable, field: number, depth: number): void => {
    const { start, length } = vectorAt(parent, field, 4);
    budget -= length;
    if (budget < 0 || depth > 64) throw new Error("the schema nests too deep");
    for (let index = 0; index < length; index++) {
      const child = tableFrom(parent.bytes, start + 4 * index);
      vectorAt(child, 6, 4); // custom metadata
      checkFields(child, 5, depth + 1);
    }
  };
  vectorAt(schema, 2, 4); // custom metadata
  vectorAt(schema, 3, 8); // features
  checkFields(schema, 1, 0);
}

/** A table in a FlatBuffer: reads beyond its bytes throw. */
interface FlatTable {
  readonly bytes: Buffer;
  readonly position: number;
}

function rootTable(bytes: Buffer): FlatTable {
  return tableFrom(bytes, 0);
}

function tableFrom(bytes: Buffer, offsetAt: number): FlatTable {
  return { bytes, position: offsetAt + bytes.readUInt32LE(offsetAt) };
}

/** Where the value of a field is; 0 if the table leaves it out. */
function fieldAt({ bytes, position }: FlatTable, field: number): number {
  const layout = position - bytes.readInt32LE(position);
  const slot = 4 + 2 * field;
  const offset = slot < bytes.readUInt16LE(layout) ? bytes.readUInt16LE(layout + slot) : 0;
  return offset === 0 ? 0 : position + offset;
}

function tableAt(table: FlatTable, field: number): FlatTable {
  const at = fieldAt(table, field);
  if (at === 0) throw new Error("a required part of the metadata is missing");
  return tableFrom(table.bytes, at);
}

function vectorAt(table: FlatTable, field: number, elementBytes: number): { start: number; length: number } {
  const at = fieldAt(table, field);
  if (at === 0) return { start: 0, length: 0 };
  const lengthAt = at + table.bytes.readUInt32LE(at);
  const length = table.bytes.readUInt32LE(lengthAt);
  if (lengthAt + 4 + length * elementBytes > table.bytes.length) throw new Error("the metadata is damaged");
  return { start: lengthAt + 4, length };
}

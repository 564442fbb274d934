/** The typed arrays that columns are made of. */
type ColumnArray = Uint8Array | Uint32Array | Float64Array | BigInt64Array;

/**
 * The first `length` elements of a column in shared memory: the column's own memory, or a copy of its own size where
 * more than half of that memory would stay unused.
 */
export function fitted<Values extends ColumnArray>(values: Values, length: number): Values {
  const used = values.subarray(0, length) as Values;
  if (length * 2 >= values.length) return used;
  const kind = values.constructor as new (buffer: SharedArrayBuffer) => Values;
  const copy = new kind(new SharedArrayBuffer(used.byteLength));
  copy.set(used as never);
  return copy;
}

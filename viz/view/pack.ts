/**
 * Numbers as text for the page, and back.
 */
import type { PackedNumbers, PackedType } from "./pageModel.ts";

/** A typed array of one of the types that travel. */
export type Packable =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

type Make = { new (length: number): Packable; new (buffer: ArrayBuffer): Packable; BYTES_PER_ELEMENT: number };

const makers: Record<PackedType, Make> = {
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
};

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Packs `values` in the narrowest type that holds each of them exactly (`-0` and NaN kept), or in `type`. */
export function packNumbers(values: ArrayLike<number>, type: PackedType = narrowest(values)): PackedNumbers {
  const typed = new makers[type](values.length);
  typed.set(values);
  const bytes = swapped(new Uint8Array(typed.buffer), typed.BYTES_PER_ELEMENT);
  let binary = "";
  for (let from = 0; from < bytes.length; from += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(from, from + 0x8000));
  }
  return { as: type, data: btoa(binary) };
}

/** What `packNumbers` packed, in the type it travelled in. */
export function unpackNumbers({ as, data }: PackedNumbers): Packable {
  const binary = atob(data);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  const maker = makers[as];
  return new maker(swapped(bytes, maker.BYTES_PER_ELEMENT).buffer);
}

function narrowest(values: ArrayLike<number>): PackedType {
  let low = 0;
  let high = 0;
  let fitsFloat32 = true;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Math.fround(value) !== value && !Number.isNaN(value)) fitsFloat32 = false;
    if (!Number.isInteger(value) || Object.is(value, -0)) low = NaN;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low === 0 && high < 2 ** 8) return "uint8";
  if (low === 0 && high < 2 ** 16) return "uint16";
  if (low === 0 && high < 2 ** 32) return "uint32";
  if (low >= -(2 ** 31) && high < 2 ** 31) return "int32";
  return fitsFloat32 ? "float32" : "float64";
}

function swapped(bytes: Uint8Array<ArrayBuffer>, width: number): Uint8Array<ArrayBuffer> {
  if (isLittleEndian || width === 1) return bytes;
  for (let from = 0; from < bytes.length; from += width) bytes.subarray(from, from + width).reverse();
  return bytes;
}

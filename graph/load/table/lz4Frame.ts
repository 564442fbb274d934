/**
 * LZ4 frames, as Arrow files hold them.
 */

/**
 * Unpacks the one frame in `input` (LZ4 Frame Format 1.6), blocks linked or not. Checksums are passed over.
 *
 * @throws Error if the frame is damaged or cut.
 */
export function decodeLz4Frame(input: Uint8Array): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  if (view.getUint32(0, true) !== 0x184d2204) throw new Error("no LZ4 frame");
  const flags = input[4]!;
  if (flags >> 6 !== 1) throw new Error(`LZ4 frame version ${flags >> 6} is unknown`);
  if (flags & 1) throw new Error("LZ4 frames with a dictionary are not read");
  const hasBlockChecksums = (flags & 16) !== 0;
  const maxBlockBytes = 1 << (2 * ((input[5]! >> 4) & 7) + 8);
  let position = 7 + (flags & 8 ? 8 : 0);
  let output = new Uint8Array(flags & 8 ? Number(view.getBigUint64(6, true)) : maxBlockBytes);
  let length = 0;
  for (;;) {
    const header = view.getUint32(position, true);
    position += 4;
    if (header === 0) return output.subarray(0, length);
    const isStored = header >>> 31 === 1;
    const end = position + (header & 0x7fffffff);
    if (end > input.length) throw new Error("LZ4 frame is cut");
    if (length + maxBlockBytes > output.length) {
      const larger = new Uint8Array(Math.max(length + maxBlockBytes, flags & 8 ? 0 : 2 * output.length));
      larger.set(output.subarray(0, length));
      output = larger;
    }
    if (isStored) {
      output.set(input.subarray(position, end), length);
      length += end - position;
    } else {
      length = decodeBlock(input, position, end, output, length);
    }
    position = end + (hasBlockChecksums ? 4 : 0);
  }
}

/** Unpacks the block [position, end) behind what `output` holds, which its matches may reach into. */
function decodeBlock(input: Uint8Array, position: number, end: number, output: Uint8Array, start: number): number {
  let length = start;
  while (position < end) {
    const token = input[position++]!;
    let literals = token >> 4;
    if (literals === 15) {
      let more: number;
      do literals += more = input[position++]!;
      while (more === 255);
    }
    if (position + literals > end) throw new Error("LZ4 literals run over the block");
    output.set(input.subarray(position, position + literals), length);
    position += literals;
    length += literals;
    if (position === end) return length;
    const distance = input[position]! | (input[position + 1]! << 8);
    position += 2;
    if (distance === 0 || distance > length) throw new Error(`LZ4 match reaches ${distance} bytes back of ${length}`);
    let matched = (token & 15) + 4;
    if (matched === 19) {
      let more: number;
      do matched += more = input[position++]!;
      while (more === 255);
    }
    if (!(length + matched <= output.length)) throw new Error("LZ4 match runs over the block");
    for (const stop = length + matched; length < stop; length++) output[length] = output[length - distance]!;
  }
  throw new Error("LZ4 block ends within a match");
}

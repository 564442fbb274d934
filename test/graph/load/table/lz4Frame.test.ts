import { describe, expect, it } from "vitest";
import { decodeLz4Frame } from "../../../../graph/load/table/lz4Frame.ts";

/** 150,000 bytes: one word over and over, now and then three like bytes. */
function sample(): Uint8Array {
  const parts: number[] = [];
  let state = 1;
  while (parts.length < 150_000) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    const noise = (state >> 8) & 255;
    parts.push(...((state >> 16) % 512 === 0 ? [noise, noise, noise] : Buffer.from("superstep ")));
  }
  return Uint8Array.from(parts.slice(0, 150_000));
}

/** The sample, packed by the reference implementation (`lz4 -9 -B4`, version 1.9.4). */
const frames = {
  "linked blocks and a content size (-BD --content-size)":
    "BCJNGExA8EkCAAAAAAAagwEAAK9zdXBlcnN0ZXAgCgD///////////////////////////84Pl5eXgMKDwoA/////////////48/lJSUuQP/" +
    "//+mP8XFxRoK////////UT5BQUFhBg8KAP///////////////////////////////98+oaGhAwoPCgD/////////////////////////////" +
    "/////////////////////////////////8Y+paWlAwoPCgD/////////////////////////////////qD8tLS0RAfs/MzMziHv///9FDwoA" +
    "/////////////////////////////////////////////////////////////////////zM/7+/vlQT/////gz90dHS2Cf//////ED67u7sh" +
    "BQ8KAP//////////////////////////////HD78/PwDCg8KAP///////////////48/Hx8fAwr////////////2P3BwcIcD////cFB0ZXAg" +
    "c18BAAAPCgCWP66ursoJ//////+IPgICApkFDwoA////////////////////////////////////////Fz+srKwvAf8aPisrKwYKDwoA////" +
    "///////////////////QPv///wMKDwoA//////////////////////////8DP0hISNkG////////yT6tra3ZBg8KAP//////////////////" +
    "///////////////////////////////////////////////////////////////////zPiUlJQMKDwoA////////////////////////////" +
    "////////////////////////vD7y8vIDCg8KAP//////////////////////////////////////////////////////////////////////" +
    "sj6EhIQDCg8KAP///////////////////zxQcGVyc3SSAAAADwoA/////////5U+eHh4AwoPCgD///////////////////8wPwkJCR8C//8L" +
    "P/r6+lcB/0I+v7+/CQoPCgD//////////////////3s+x8fHAwoPCgD///////////////////+yP2dnZ9MC//+/PmFhYQYKDwoA////////" +
    "//////92LyAgyQL//7JQdGVwIHMAAAAAqKtpVg==",
  "independent blocks with checksums (-BX)":
    "BCJNGHRAvYMBAACvc3VwZXJzdGVwIAoA////////////////////////////OD5eXl4DCg8KAP////////////+PP5SUlLkD////pj/FxcUa" +
    "Cv///////1E+QUFBYQYPCgD////////////////////////////////fPqGhoQMKDwoA////////////////////////////////////////" +
    "///////////////////////GPqWlpQMKDwoA/////////////////////////////////6g/LS0tEQH7PzMzM4h7////RQ8KAP//////////" +
    "//////////////////////////////////////////////////////////8zP+/v75UE/////4M/dHR0tgn//////xA+u7u7IQUPCgD/////" +
    "/////////////////////////xw+/Pz8AwoPCgD///////////////+PPx8fHwMK////////////9j9wcHCHA////3BQdGVwIHNfjSZqbAEA" +
    "AK91cGVyc3RlcCBzCgCMPq6urqMADwoA//////92PgICApkFDwoA////////////////////////////////////////Fz+srKwvAf8aPisr" +
    "KwYKDwoA///////////////////////QPv///wMKDwoA//////////////////////////8DP0hISNkG////////yT6tra3ZBg8KAP//////" +
    "///////////////////////////////////////////////////////////////////////////////zPiUlJQMKDwoA////////////////" +
    "////////////////////////////////////vD7y8vIDCg8KAP//////////////////////////////////////////////////////////" +
    "////////////sj6EhIQDCg8KAP///////////////////zxQcGVyc3Ql3nuynAAAAK9lcCBzdXBlcnN0CgD/////////iz54eHihBw8KAP//" +
    "/////////////////zA/CQkJHwL//ws/+vr6VwH/Qj6/v78JCg8KAP//////////////////ez7Hx8cDCg8KAP///////////////////7I/" +
    "Z2dn0wL//78+YWFhBgoPCgD//////////////3YvICDJAv//slB0ZXAgcyS9h+QAAAAAqKtpVg==",
};

function frameOf(flags: number, block: Buffer, isStored: boolean): Buffer {
  const header = Buffer.from([0x04, 0x22, 0x4d, 0x18, flags, 0x40, 0]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE((block.length | (isStored ? 0x80000000 : 0)) >>> 0);
  return Buffer.concat([header, size, block, Buffer.alloc(4)]);
}

describe("decodeLz4Frame", () => {
  it.each(Object.entries(frames))("unpacks %s", (_kind, base64) => {
    const unpacked = decodeLz4Frame(Buffer.from(base64, "base64"));
    expect(Buffer.compare(unpacked, sample())).toBe(0);
  });

  it("unpacks stored blocks", () => {
    const frame = frameOf(0x60, Buffer.from("stored as it is"), true);
    expect(Buffer.from(decodeLz4Frame(frame)).toString()).toBe("stored as it is");
  });

  it("refuses each cut of a frame, and never hangs", () => {
    const frame = Buffer.from(frames["independent blocks with checksums (-BX)"], "base64");
    const end = frame.length - 8; // before the end mark and the content checksum
    for (let length = 0; length < end; length += 7) {
      expect(() => decodeLz4Frame(frame.subarray(0, length)), `${length} bytes`).toThrow();
    }
  });

  it("refuses a match that reaches before the start", () => {
    const block = Buffer.from([0x10, 0x61, 0x05, 0x00, 0x50]); // "a", then 4 bytes from 5 back
    expect(() => decodeLz4Frame(frameOf(0x60, block, false))).toThrow("reaches 5 bytes back of 1");
  });
});

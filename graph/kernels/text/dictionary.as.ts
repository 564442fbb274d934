/**
 * Distinct strings in order of first appearance. A table of buckets, a cache line each, says where their records stand.
 *
 * Memory is the time of a look-up, so that many are made at once, and what each needs next is asked for before any of it is
 * used.
 */
import { areEqual, copyBytes, grown, partOfWord, setWord, slack, word } from "./memory.as";

/** A table from strings to codes 0, 1, 2, … */
@unmanaged
class Dictionary {
  /** What was allocated, */
  table: usize = 0;
  /** and the first bucket in it, at the start of a cache line. */
  buckets: usize = 0;
  /** Number of buckets - 1, which is a power of two. At most three of four entries are taken. */
  mask: u32 = 0;
  size: u32 = 0;
  /** Records by code, one after the other: the code, the length, the bytes. */
  records: usize = 0;
  used: u32 = 0;
  capacity: u32 = 0;
}

/** A bucket: eight entries, the hash in the low half, the place of the record + 1 in the high half; 0 where free. */
const bucketShift: u32 = 6;
const bucketEntries: u32 = 8;
const headerBytes: u32 = 8;

let seed: u64 = 0;
let firstFactor: u64 = 1;
let secondFactor: u64 = 1;

/** Keys of the hash, the factors odd: secret, so that no file can be made to collide. Before anything else. */
export function setKeys(start: u64, first: u64, second: u64): void {
  seed = start;
  firstFactor = first | 1;
  secondFactor = second | 1;
}

export function createDictionary(): usize {
  const size = offsetof<Dictionary>();
  const address = heap.alloc(size);
  memory.fill(address, 0, size);
  growTable(changetype<Dictionary>(address), 16);
  reserve(address, 64, 1024);
  return address;
}

export function freeDictionary(address: usize): void {
  const dictionary = changetype<Dictionary>(address);
  heap.free(dictionary.table);
  heap.free(dictionary.records);
  heap.free(address);
}

export function sizeOf(address: usize): u32 {
  return changetype<Dictionary>(address).size;
}

/** Bytes of all records; what it was earlier is where the records of later strings begin. */
export function usedBytesOf(address: usize): u32 {
  return changetype<Dictionary>(address).used;
}

/** Writes strings whose records begin at `place` and go to the end: their offsets, of which the first is 0, and their bytes. */
export function copyStrings(address: usize, place: u32, offsets: usize, bytes: usize): void {
  const dictionary = changetype<Dictionary>(address);
  const end = dictionary.records + <usize>dictionary.used;
  let at: u32 = 0;
  let count: u32 = 0;
  setWord(offsets, 0, 0);
  for (let record = dictionary.records + <usize>place; record < end;) {
    const length = load<u32>(record, 4);
    copyBytes(bytes + <usize>at, record + headerBytes, length);
    at += length;
    setWord(offsets, ++count, at);
    record += headerBytes + length;
  }
}

/** The code of one string. */
export function intern(address: usize, at: usize, length: u32): u32 {
  reserve(address, 1, length);
  return find(changetype<Dictionary>(address), at, length, hashOf(at, length));
}

/** Strings that are looked up at once: their buckets and records fit the first cache. */
const ahead: u32 = 256;

/** The codes of `count` strings [from[i], to[i]). `hashes` and `places` are room for a word each. */
export function internAll(
  address: usize,
  from: usize,
  to: usize,
  count: u32,
  hashes: usize,
  places: usize,
  codes: usize,
): void {
  let numBytes: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const at = word(from, i);
    const length = word(to, i) - at;
    numBytes += length;
    setWord(hashes, i, hashOf(at, length));
  }
  reserve(address, count, numBytes);
  const dictionary = changetype<Dictionary>(address);
  const buckets = dictionary.buckets;
  const mask = dictionary.mask;
  const records = dictionary.records;
  for (let first: u32 = 0; first < count; first += ahead) {
    const end = min(count, first + ahead);
    let touched: u32 = 0;
    for (let i = first; i < end; i++)
      touched |= load<u32>(buckets + ((<usize>(word(hashes, i) & mask)) << bucketShift));
    for (let i = first; i < end; i++) {
      const hash = word(hashes, i);
      setWord(places, i, placeIn(buckets + ((<usize>(hash & mask)) << bucketShift), hash));
    }
    for (let i = first; i < end; i++) {
      const place = word(places, i);
      if (place == 0) continue;
      const record = records + <usize>(place - 1);
      touched |= load<u8>(record) | load<u8>(record + (headerBytes - 1 + word(to, i) - word(from, i)));
    }
    setWord(codes, first, touched); // which is overwritten: or nobody would have asked
    for (let i = first; i < end; i++) {
      const at = word(from, i);
      const length = word(to, i) - at;
      const place = word(places, i);
      const record = records + <usize>(place - 1);
      if (place != 0 && load<u32>(record, 4) == length && areEqual(record + headerBytes, at, length)) {
        setWord(codes, i, load<u32>(record));
      } else {
        setWord(codes, i, find(dictionary, at, length, word(hashes, i)));
      }
    }
  }
}

/** Makes room for so many further strings of so many bytes together. */
function reserve(address: usize, numStrings: u32, numBytes: u32): void {
  const dictionary = changetype<Dictionary>(address);
  const needed = dictionary.used + numBytes + numStrings * headerBytes;
  if (needed > dictionary.capacity) {
    const most = max(needed, dictionary.capacity * 2);
    dictionary.records = grown(dictionary.records, dictionary.used, <usize>most + slack);
    dictionary.capacity = most;
  }
  const strings = dictionary.size + numStrings;
  let numBuckets = dictionary.mask + 1;
  while (numBuckets * 6 < strings) numBuckets *= 2;
  if (numBuckets > dictionary.mask + 1) growTable(dictionary, numBuckets);
}

function mixed(value: u64): u64 {
  value *= firstFactor;
  value ^= value >> 32;
  value *= secondFactor;
  return value ^ (value >> 29);
}

/** The hash of bytes [at, at + length): never 0. Its low bits say the bucket. */
function hashOf(at: usize, length: u32): u32 {
  let hash = seed + length;
  while (length > 8) {
    hash = mixed(hash ^ load<u64>(at));
    at += 8;
    length -= 8;
  }
  if (length > 0) hash = mixed(hash ^ partOfWord(at, length));
  return (<u32>(hash ^ (hash >> 32))) | 0x80000000;
}

/** The place + 1 of the first record with this hash in a bucket, 0 if there is none. */
function placeIn(bucket: usize, hash: u32): u32 {
  const hashes = i32x4.splat(hash);
  const low = v128.shuffle<i32>(v128.load(bucket), v128.load(bucket, 16), 0, 2, 4, 6);
  const high = v128.shuffle<i32>(v128.load(bucket, 32), v128.load(bucket, 48), 0, 2, 4, 6);
  const found = i32x4.bitmask(i32x4.eq(low, hashes)) | (i32x4.bitmask(i32x4.eq(high, hashes)) << 4);
  return found == 0 ? 0 : load<u32>(bucket + ((<usize>ctz(found)) << 3), 4);
}

/** The code of a string for which there is room. */
function find(dictionary: Dictionary, at: usize, length: u32, hash: u32): u32 {
  const buckets = dictionary.buckets;
  const mask = dictionary.mask;
  const records = dictionary.records;
  let free: usize = 0;
  for (let bucket = hash & mask; free == 0; bucket = (bucket + 1) & mask) {
    const first = buckets + ((<usize>bucket) << bucketShift);
    for (let i: u32 = 0; i < bucketEntries; i++) {
      const address = first + ((<usize>i) << 3);
      const entry = load<u64>(address);
      if (entry == 0) {
        free = address;
        break;
      }
      if (<u32>entry != hash) continue;
      const record = records + <usize>(<u32>(entry >> 32) - 1);
      if (load<u32>(record, 4) == length && areEqual(record + headerBytes, at, length)) return load<u32>(record);
    }
  }
  const code = dictionary.size;
  const place = dictionary.used;
  const record = records + <usize>place;
  store<u32>(record, code);
  store<u32>(record, length, 4);
  copyBytes(record + headerBytes, at, length);
  store<u64>(free, ((<u64>place + 1) << 32) | hash);
  dictionary.used = place + headerBytes + length;
  dictionary.size = code + 1;
  return code;
}

function growTable(dictionary: Dictionary, numBuckets: u32): void {
  const old = dictionary.buckets;
  const numOld: u32 = old == 0 ? 0 : (dictionary.mask + 1) * bucketEntries;
  const numBytes = (<usize>numBuckets) << bucketShift;
  const table = heap.alloc(numBytes + 64);
  const buckets = (table + 63) & ~63;
  memory.fill(buckets, 0, numBytes);
  const mask = numBuckets - 1;
  for (let i: u32 = 0; i < numOld; i++) {
    const entry = load<u64>(old + ((<usize>i) << 3));
    if (entry != 0) insert(buckets, mask, entry);
  }
  if (old != 0) heap.free(dictionary.table);
  dictionary.table = table;
  dictionary.buckets = buckets;
  dictionary.mask = mask;
}

function insert(buckets: usize, mask: u32, entry: u64): void {
  for (let bucket = (<u32>entry) & mask; ; bucket = (bucket + 1) & mask) {
    const first = buckets + ((<usize>bucket) << bucketShift);
    for (let i: u32 = 0; i < bucketEntries; i++) {
      const address = first + ((<usize>i) << 3);
      if (load<u64>(address) != 0) continue;
      store<u64>(address, entry);
      return;
    }
  }
}

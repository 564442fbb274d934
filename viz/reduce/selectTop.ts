/**
 * Picks the k first of many by a total order, without sorting the rest. O(n log k) comparisons, O(k) memory.
 */
export function selectTop(items: Iterable<number>, k: number, compare: (a: number, b: number) => number): Uint32Array {
  const heap: number[] = []; // the last of those kept is at the root
  if (k > 0) {
    for (const item of items) {
      if (heap.length < k) {
        heap.push(item);
        siftUp(heap, compare);
      } else if (compare(item, heap[0]!) < 0) {
        heap[0] = item;
        siftDown(heap, compare);
      }
    }
  }
  return Uint32Array.from(heap.sort(compare));
}

function siftUp(heap: number[], compare: (a: number, b: number) => number): void {
  let child = heap.length - 1;
  while (child > 0) {
    const parent = (child - 1) >> 1;
    if (compare(heap[child]!, heap[parent]!) <= 0) return;
    swap(heap, child, parent);
    child = parent;
  }
}

function siftDown(heap: number[], compare: (a: number, b: number) => number): void {
  let parent = 0;
  for (;;) {
    let child = 2 * parent + 1;
    if (child >= heap.length) return;
    if (child + 1 < heap.length && compare(heap[child + 1]!, heap[child]!) > 0) child++;
    if (compare(heap[child]!, heap[parent]!) <= 0) return;
    swap(heap, child, parent);
    parent = child;
  }
}

function swap(heap: number[], a: number, b: number): void {
  const held = heap[a]!;
  heap[a] = heap[b]!;
  heap[b] = held;
}

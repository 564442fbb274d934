import { TestOperators } from "../core/cluster/testOperators.ts";

/** The Receiver of simulated supersteps: executors load it by name. Each test file removes it at its end. */
export const receivers: TestOperators = new TestOperators(`
  export const receive = ({ to }, message, { arena }) => {
    if (message === undefined) return;
    const words = new Uint32Array(Uint8Array.from(message.bytes).buffer);
    new Uint32Array(arena.memory.buffer).set(words.subarray(1), to + words[0]);
  };
`);

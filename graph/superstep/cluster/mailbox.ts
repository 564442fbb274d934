let last = 0;

/** The number of a mailbox for one exchange: no other of this process has it. */
export function nextMailbox(): number {
  return ++last;
}

/**
 * The receiving side of exchanges on one host: parts come in from the hosts that take part, each message is handed to the
 * stage's Receiver, once.
 */
import type { Arena } from "../../column/arena.ts";
import { SuperstepError } from "../../errors.ts";
import { messagesOf } from "../../host/exchangeParts.ts";
import { loadOperator } from "../../host/operators.ts";
import type { Clock } from "../../net/clock.ts";
import type { Uploads } from "../../net/messages.ts";
import type { UploadHandler } from "../../net/transport.ts";
import type { Exchange, Receiver } from "../../schedule/job.ts";
import { ReceiveBuffers } from "./receiveBuffers.ts";

type Header = Uploads["executor.deliver"];

/** What mailboxes are made of. */
export interface MailboxesOptions {
  readonly host: number;
  readonly arena: Arena;
  readonly clock: Clock;
  /** Milliseconds that a part waits for its stage to become known here, before it is to be sent again. */
  readonly patienceMs: number;
  /** Bytes of parts that are here and not taken, at most: others are refused for now. */
  readonly maxBytes: number;
}

interface Mailbox {
  readonly receive: (from: number, bytes: Uint8Array) => void;
  /** Parts that were taken, as "host:part". */
  readonly taken: Set<string>;
}

/** Bytes of memory for parts that are kept for the next ones. */
const maxKeptBytes = 2 ** 26;
/** Mailboxes that were opened, or closed, are remembered up to this many. */
const maxRemembered = 4096;

export class Mailboxes {
  readonly #options: MailboxesOptions;
  readonly #open: Map<number, Promise<Mailbox>> = new Map();
  readonly #known: Set<number> = new Set();
  readonly #closed: Set<number> = new Set();
  readonly #waiting: Map<number, Set<() => void>> = new Map();
  readonly #buffers: ReceiveBuffers = new ReceiveBuffers(maxKeptBytes);
  #bytes = 0;

  constructor(options: MailboxesOptions) {
    this.#options = options;
  }

  /**
   * Opens the mailbox of a stage and tells its Receiver of the stage; resolves when tasks of the stage can start.
   * Idempotent.
   */
  async open({ sends, receive }: Exchange, shared: unknown): Promise<void> {
    if (this.#closed.has(sends)) return;
    let opening = this.#open.get(sends);
    if (opening === undefined) {
      opening = this.#begin(receive, shared);
      this.#open.set(sends, opening);
      remember(this.#known, sends);
      for (const wake of this.#waiting.get(sends) ?? []) wake();
    }
    await opening;
  }

  /** Takes no more for a mailbox: what still comes for it is dropped. */
  close(mailbox: number): void {
    this.#open.delete(mailbox);
    remember(this.#closed, mailbox);
  }

  /**
   * Checks that this host took part in the stage that filled `mailbox`. All that was sent to it is here then: a stage ends
   * when all that its tasks delivered has arrived.
   *
   * @throws SuperstepError HOST_LOST if it did not.
   */
  checkKnown(mailbox: number): void {
    if (this.#known.has(mailbox)) return;
    const message = `exchange: host ${this.#options.host} knows nothing of mailbox ${mailbox}`;
    throw new SuperstepError("HOST_LOST", message, { details: { mailbox, host: this.#options.host } });
  }

  /** Takes parts from other hosts. */
  readonly upload: UploadHandler<Header> = {
    place: ({ mailbox, part, from }, byteLength) => {
      if (this.#bytes === 0 || this.#bytes + byteLength <= this.#options.maxBytes)
        return [this.#buffers.take(byteLength)];
      const message = `exchange: part ${part} of host ${from.host} for mailbox ${mailbox} finds no room now`;
      throw new SuperstepError("NO_CAPACITY", message);
    },
    take: async (header, pieces) => {
      const bytes = pieces[0] ?? new Uint8Array(0);
      this.#bytes += bytes.byteLength;
      try {
        await this.#take(header, bytes);
      } finally {
        this.#bytes -= bytes.byteLength;
        this.#buffers.giveBack(bytes);
      }
    },
  };

  async #take({ mailbox: number, from: { host }, part }: Header, bytes: Uint8Array): Promise<void> {
    if (!this.#open.has(number) && !this.#closed.has(number)) await this.#opened(number);
    const mailbox = await this.#open.get(number);
    if (mailbox === undefined || !this.#open.has(number)) return; // nobody waits for it any more
    const key = `${host}:${part}`;
    if (mailbox.taken.has(key)) return;
    mailbox.taken.add(key);
    for (const message of messagesOf(bytes)) mailbox.receive(host, message);
  }

  async #begin(operator: Exchange["receive"], shared: unknown): Promise<Mailbox> {
    const receiver = (await loadOperator(operator)) as unknown as Receiver<unknown>;
    const host = { id: this.#options.host, arena: this.#options.arena };
    receiver(shared, undefined, host);
    return { receive: (from, bytes) => receiver(shared, { from, bytes }, host), taken: new Set() };
  }

  /** Resolves when a mailbox is opened. */
  #opened(mailbox: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const wakers = this.#waiting.get(mailbox) ?? new Set();
      this.#waiting.set(mailbox, wakers);
      const leave = (): void => {
        timer.clear();
        wakers.delete(wake);
        if (wakers.size === 0) this.#waiting.delete(mailbox);
      };
      const wake = (): void => {
        leave();
        resolve();
      };
      const timer = this.#options.clock.after(this.#options.patienceMs, () => {
        leave();
        reject(new SuperstepError("NO_CAPACITY", `exchange: nothing is known here of mailbox ${mailbox} yet`));
      });
      wakers.add(wake);
    });
  }
}

function remember(numbers: Set<number>, number: number): void {
  numbers.add(number);
  const [oldest] = numbers;
  if (numbers.size > maxRemembered && oldest !== undefined) numbers.delete(oldest);
}

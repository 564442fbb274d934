/**
 * What an executor answers: commands of its driver, blocks and messages of other executors.
 */
import { invalidArgument, SuperstepError } from "../../errors.ts";
import type { ArenaRange, Incarnation } from "../../net/messages.ts";
import type { Handlers } from "../../net/transport.ts";
import { answerBlocks } from "../blockBatch.ts";
import { byteLengthOf } from "../payload.ts";
import type { Service } from "./service.ts";

const stopMs = 20;

/** The handlers over the service that `current` gives, undefined before it is registered. */
export function handlersOf(current: () => Service | undefined, stop: (why: string) => void): Handlers {
  /** The service that a message is for. */
  const serviceFor = (incarnation: Incarnation): Service => {
    const service = current();
    if (service === undefined) throw new SuperstepError("UNREACHABLE", "executor: it has not registered yet");
    service.check(incarnation);
    return service;
  };
  const sending = (service: Service, pieces: readonly Uint8Array[] | undefined): readonly Uint8Array[] | undefined => {
    service.sentBytes += byteLengthOf(pieces ?? []);
    return pieces;
  };
  return {
    calls: {
      "executor.command": async (request) => {
        const next = serviceFor(request).commands.receive(request.first, request.commands);
        return { next };
      },
      "executor.stop": async (request) => {
        serviceFor(request);
        setTimeout(() => stop("its driver told it to stop"), stopMs); // the answer goes first
        return {};
      },
    },
    uploads: {
      "executor.writeArena": {
        place: (header, byteLength) => {
          const service = serviceFor(header);
          const views = viewsOf(service, header.ranges);
          if (byteLengthOf(views) !== byteLength) {
            const rule = `${byteLengthOf(views)}, as its ranges say`;
            throw invalidArgument("executor.writeArena", "bytes", rule, byteLength);
          }
          return service.arenaWrites.begin(header) ? views : [new Uint8Array(byteLength)];
        },
        take: async (header, pieces) => {
          const service = serviceFor(header);
          service.receivedBytes += byteLengthOf(pieces);
          const isRepeat = pieces.some(({ buffer }) => buffer !== service.arena.memory.buffer);
          if (isRepeat) await service.arenaWrites.ended(header);
          else service.arenaWrites.end(header);
        },
      },
      "executor.deliver": {
        place: (header, byteLength, caller) => serviceFor(header).mailboxes.upload.place(header, byteLength, caller),
        take: async (header, pieces, caller) => {
          const service = serviceFor(header);
          service.receivedBytes += byteLengthOf(pieces);
          await service.mailboxes.upload.take(header, pieces, caller);
          service.reach("receive");
        },
      },
    },
    downloads: {
      "executor.readBlocks": async (request) => {
        const service = serviceFor(request);
        return sending(service, await answerBlocks(request.ids, (id) => service.host.blocks.get(id)));
      },
      "executor.readArena": async (request) => {
        const service = serviceFor(request);
        service.reach("gather");
        return sending(service, viewsOf(service, request.ranges));
      },
      "executor.payload": async (request) => {
        const service = serviceFor(request);
        return sending(service, service.payloads.read(request.number));
      },
    },
  };
}

/** The bytes of ranges of the arena. @throws SuperstepError INVALID_ARGUMENT if one lies outside of what columns can take. */
function viewsOf({ arena }: Service, ranges: readonly ArenaRange[]): Uint8Array[] {
  const { buffer } = arena.memory;
  const from = buffer.byteLength - arena.capacityBytes;
  return ranges.map(({ offset, length }) => {
    const isInside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= from && length >= 0;
    if (isInside && offset + length <= buffer.byteLength) return new Uint8Array(buffer, offset, length);
    throw invalidArgument("arena", "a range", `in [${from}, ${buffer.byteLength})`, { offset, length });
  });
}

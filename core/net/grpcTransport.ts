/**
 * The transport between processes: gRPC, every connection proven, over TLS where it leaves the machine.
 */
import { invalidArgument } from "../errors.ts";
import { settingsOf, type GrpcTransportOptions } from "./grpcOptions.ts";
import { GrpcPeer } from "./grpcPeer.ts";
import { listen } from "./grpcServer.ts";
import { Http2Connection } from "./http2Connection.ts";
import type { Peer, Server, Transport } from "./transport.ts";

export type { GrpcTransportOptions } from "./grpcOptions.ts";

/**
 * Reaches and serves peers by gRPC. Each `connect` makes connections of its own: one for calls, and with the first stream
 * another one for bytes; so a second `connect` to the same peer is never delayed by what the first one carries.
 *
 * @throws SuperstepError INVALID_ARGUMENT if an option is out of range.
 */
export function grpcTransport(options: GrpcTransportOptions): Transport {
  const settings = settingsOf(options);
  const peers = new Set<Peer>();
  const connecting = new Set<Http2Connection>();
  const servers = new Set<Server>();
  return {
    connect: async (address, expected, { deadlineMs = settings.handshakeMs, signal } = {}) => {
      if (!/^(\[[\da-fA-F:.]+\]|[^\s:/[\]]+):\d{1,5}$/.test(address))
        throw invalidArgument("connect", "address", 'of the form "host:port"', address);
      const control = new Http2Connection(settings, address, expected);
      const abort = (): void => control.close();
      connecting.add(control);
      signal?.addEventListener("abort", abort);
      try {
        await control.open(deadlineMs);
      } catch (error) {
        control.close();
        throw error;
      } finally {
        signal?.removeEventListener("abort", abort);
        connecting.delete(control);
      }
      const peer: Peer = new GrpcPeer(settings, expected, control, () => peers.delete(peer));
      peers.add(peer);
      return peer;
    },
    serve: async (handlers, where = {}) => {
      const server = await listen(settings, handlers, where);
      servers.add(server);
      return server;
    },
    close: async () => {
      for (const one of [...peers, ...connecting]) one.close();
      await Promise.all([...servers].map((server) => server.close()));
      settings.segments?.close();
    },
  };
}

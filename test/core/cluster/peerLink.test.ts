import net from "node:net";
import { describe, expect, it } from "vitest";
import { PeerLink } from "../../../core/cluster/peerLink.ts";
import { grpcTransport } from "../../../core/net/grpcTransport.ts";
import { Secret } from "../../../core/net/secret.ts";

describe("PeerLink", () => {
  it("that is closed gives up a connection that is being made to somebody who says nothing", async () => {
    const silent = net.createServer((socket) => void socket.on("error", () => {}));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const isConnected = new Promise((resolve) => silent.once("connection", resolve));
    const transport = grpcTransport({ role: "driver", secret: Secret.generate() });
    const link = new PeerLink(transport, `127.0.0.1:${(silent.address() as net.AddressInfo).port}`, "executor");
    const outcome = link.call("executor.stop", { host: 1, incarnation: "a" }).catch((error: unknown) => error);
    await isConnected;
    link.close();
    // not that there was no answer within the five seconds that a handshake may take
    expect(await outcome).toMatchObject({ code: "UNREACHABLE", message: expect.stringContaining("was closed") });
    await transport.close();
    silent.close();
  });
});

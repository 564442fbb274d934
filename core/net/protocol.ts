/**
 * The methods of `superstep.proto`: who serves them, who may call them, and how their messages become bytes and back.
 */
import { fileURLToPath } from "node:url";
import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from "@grpc/proto-loader";
import { SuperstepError } from "../errors.ts";
import type { CallName, DownloadName, UploadName } from "./messages.ts";
import type { Role } from "./transport.ts";
import { callWires, downloadWires, uploadWires } from "./wireMessages.ts";
import type { Wire } from "./wire.ts";

/** Counts up with every change of messages that is not compatible. */
export const protocolVersion = 2;

export type MethodName = CallName | UploadName | DownloadName;

/** One method. Requests and responses are the messages of `superstep.proto` as plain objects. */
export interface Method {
  readonly name: MethodName;
  readonly kind: "call" | "upload" | "download";
  /** "/superstep.v1.Driver/Register" */
  readonly path: string;
  readonly callers: ReadonlySet<Role>;
  readonly request: MessageBytes;
  readonly response: MessageBytes;
}

/** A message type: bytes of an object and back. */
export interface MessageBytes {
  encode(message: object): Buffer;
  /** @throws SuperstepError INVALID_ARGUMENT if they are none. */
  decode(bytes: Buffer): Record<string, unknown>;
}

/** Who may call what. */
const callersOf: Readonly<Record<MethodName, readonly Role[]>> = {
  "driver.register": ["executor"],
  "driver.heartbeat": ["executor"],
  "driver.report": ["executor"],
  "driver.locate": ["executor"],
  "driver.locateShuffle": ["executor"],
  "driver.readBlocks": ["executor"],
  "driver.payload": ["executor"],
  "executor.command": ["driver"],
  "executor.stop": ["driver"],
  "executor.payload": ["driver"],
  "executor.writeArena": ["driver", "executor"],
  "executor.deliver": ["driver", "executor"],
  "executor.readBlocks": ["driver", "executor"],
  "executor.readArena": ["driver", "executor"],
  "master.registerWorker": ["worker"],
  "master.workerHeartbeat": ["worker"],
  "master.endWorker": ["worker"],
  "master.executorEnded": ["worker"],
  "master.driverEnded": ["worker"],
  "master.registerApplication": ["driver"],
  "master.applicationHeartbeat": ["driver"],
  "master.endApplication": ["driver"],
  "master.killExecutor": ["driver"],
  "master.submitDriver": ["client"],
  "master.driverStatus": ["client"],
  "master.killDriver": ["client"],
  "worker.launchExecutor": ["master"],
  "worker.stopExecutor": ["master"],
  "worker.launchDriver": ["master"],
  "worker.stopDriver": ["master"],
};

const definitions = loadSync(fileURLToPath(new URL("superstep.proto", import.meta.url)), {
  longs: Number,
  enums: String,
});

/** All methods of a session's peers, by name. */
export const methods: ReadonlyMap<MethodName, Method> = new Map(
  (Object.keys(callersOf) as MethodName[]).map((name) => [name, methodOf(name)]),
);

/** The paths of the handshake: the only ones that are open to everybody. */
export const openPath = "/superstep.v1.Session/Open";
export const provePath = "/superstep.v1.Session/Prove";

/** The path of standing streams of calls. Open to all sessions: each call on it is checked by itself. */
export const callsPath = "/superstep.v1.Session/Calls";

/** A message of `superstep.proto` by its name. */
export function messageBytes(name: string): MessageBytes {
  return bytesOf(name, definitions[`superstep.v1.${name}`] as MessageTypeDefinition<object, object>);
}

/** Encodes `value` as the message of a call. */
export function encodeMessage<T>(bytes: MessageBytes, wire: Wire<T>, value: T): Buffer {
  return bytes.encode(wire.write(value) as object);
}

/** @throws SuperstepError INVALID_ARGUMENT if `buffer` is no such message, or its values are not accepted. */
export function decodeMessage<T>(bytes: MessageBytes, wire: Wire<T>, buffer: Buffer, where: string): T {
  return wire.read(bytes.decode(buffer), where);
}

export const callWireOf = (name: CallName): { request: Wire<unknown>; response: Wire<unknown> } =>
  callWires[name] as unknown as { request: Wire<unknown>; response: Wire<unknown> };
export const uploadWireOf = (name: UploadName): Wire<unknown> => uploadWires[name] as Wire<unknown>;
export const downloadWireOf = (name: DownloadName): Wire<unknown> => downloadWires[name] as Wire<unknown>;

function methodOf(name: MethodName): Method {
  const [service, method] = name.split(".").map((part) => part[0]!.toUpperCase() + part.slice(1)) as [string, string];
  const definition = (definitions[`superstep.v1.${service}`] as ServiceDefinition)[method]!;
  return {
    name,
    kind: definition.requestStream ? "upload" : definition.responseStream ? "download" : "call",
    path: definition.path,
    callers: new Set(callersOf[name]),
    request: bytesOf(name, definition.requestType),
    response: bytesOf(name, definition.responseType),
  };
}

function bytesOf(name: string, type: MessageTypeDefinition<object, object>): MessageBytes {
  return {
    encode: (message) => type.serialize(message),
    decode: (buffer) => {
      try {
        return type.deserialize(buffer) as Record<string, unknown>;
      } catch (error) {
        throw new SuperstepError("INVALID_ARGUMENT", `${name}: ${buffer.length} bytes are no such message`, {
          cause: error,
        });
      }
    },
  };
}

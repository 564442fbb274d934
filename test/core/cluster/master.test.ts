import os from "node:os";
import { describe, expect, it } from "vitest";
import { parseMaster } from "../../../core/cluster/master.ts";

describe("parseMaster", () => {
  it("reads the forms of this version", () => {
    expect(parseMaster("local[3]")).toEqual({ kind: "local", numThreads: 3 });
    expect(parseMaster("local[1024]")).toEqual({ kind: "local", numThreads: 1024 });
    expect(parseMaster("local[*]")).toEqual({ kind: "local", numThreads: os.availableParallelism() });
  });

  it("reads the forms of clusters", () => {
    const cluster = { kind: "localCluster", numExecutors: 2, numThreads: 4 };
    expect(parseMaster("local-cluster[2,4]")).toEqual(cluster);
    expect(parseMaster("local-cluster[2, 4]")).toEqual(cluster);
    expect(parseMaster("local-cluster[64,1024]")).toMatchObject({ numExecutors: 64, numThreads: 1024 });
    expect(parseMaster("superstep://host:7077")).toEqual({ kind: "standalone", address: "host:7077" });
    expect(parseMaster("superstep://10.0.0.5:1/")).toEqual({ kind: "standalone", address: "10.0.0.5:1" });
    expect(parseMaster("superstep://[::1]:65535")).toEqual({ kind: "standalone", address: "[::1]:65535" });
  });

  it.each([
    "",
    "local",
    "local[0]",
    "local[-1]",
    "local[2.5]",
    "local[1025]",
    "local[02]",
    "LOCAL[2]",
    " local[2]",
    "yarn",
    "local-cluster[0,1]",
    "local-cluster[65,1]",
    "local-cluster[1,0]",
    "local-cluster[1,1025]",
    "local-cluster[2]",
    "superstep://host",
    "superstep://host:0",
    "superstep://host:65536",
    "superstep://user@host:1",
    "superstep://host:1/path",
    "superstep://::1:1",
    null,
  ])("refuses %j and lists the forms", (master) => {
    const message = expect.stringMatching(/^master: must be local\[T\].*local\[\*\].*local-cluster\[E,T\].*superstep:/);
    expect(() => parseMaster(master as string)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", message }));
  });
});

import { describe, expect, it } from "vitest";
import { isRefusal } from "../../../core/compile/refused.ts";
import type { ColumnSet, FieldType } from "../../../core/column/types.ts";
import { compileRelaxation, type CompiledRelaxation } from "../../../graph/compile/compileRelaxation.ts";
import { shipPregel, type PregelOptions } from "../../../graph/superstep/pregel.ts";
import type { EdgeContext } from "../../../graph/types.ts";

interface Road {
  readonly length: number;
  readonly toll: number;
  readonly isOpen: boolean;
}
type RoadContext = EdgeContext<number, Road, number>;
type Options = PregelOptions<number, Road, number>;

const vertices: ColumnSet = columnsOf({ "": "number" });
const edges: ColumnSet = columnsOf({ length: "number", toll: "number", isOpen: "boolean" });

/** Columns that are never read: the compiler looks at their types. */
function columnsOf(types: Readonly<Record<string, FieldType>>): ColumnSet {
  const fields = Object.entries(types).map(([name, type]) => ({ name, type, nullable: false }));
  const isScalar = fields[0]!.name === "";
  return {
    schema: isScalar ? { kind: "scalar", field: fields[0]! } : { kind: "record", fields },
    length: 0,
    columns: fields.map(({ type }) => ({
      kind: "fixed",
      data: { type: type === "boolean" ? "boolean" : "float64", offset: 0, length: 0 },
    })),
  };
}

const least: Options = {
  initialMessage: Infinity,
  vertexProgram: (_id, distance, offered) => Math.min(distance, offered),
  sendMessage: (edge) => {
    if (edge.srcAttr + edge.attr.length < edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr.length);
  },
  mergeMessage: (a, b) => Math.min(a, b),
};
const most: Options = {
  initialMessage: -Infinity,
  vertexProgram: (_id, width, offered) => Math.max(width, offered),
  sendMessage: (edge) => {
    const width = Math.min(edge.srcAttr, edge.attr.length);
    if (width > edge.dstAttr) edge.sendToDst(width);
  },
  mergeMessage: (a, b) => Math.max(a, b),
};

function looksAt(options: Options): CompiledRelaxation | string {
  const { scan, apply } = shipPregel("test", options);
  const ids = { kind: "uint32", ids: { type: "uint32", offset: 0, length: 0 } } as const;
  const found = compileRelaxation({ program: scan, ids, vertices, edges }, apply);
  return isRefusal(found) ? found.why : found;
}

/** "min dst: add stored 0": what it found, in short. */
function shortly(found: CompiledRelaxation | string): string {
  if (typeof found === "string") return found;
  const offers = Object.entries(found.offers).map(([to, { kind, lengths }]) => {
    const value =
      lengths.from === "constant" ? ` ${lengths.value}` : lengths.from === "stored" ? ` ${lengths.column}` : "";
    return `${to}: ${kind} ${lengths.from}${value}`;
  });
  return `${found.best} ${offers.toSorted().join(", ")}`;
}

const scale = 2;
const sends = (sendMessage: (edge: RoadContext) => void, rest: Partial<Options> = {}): Options => ({
  ...least,
  ...rest,
  sendMessage,
});
const copies = (edge: RoadContext): void => {
  if (edge.srcAttr < edge.dstAttr) edge.sendToDst(edge.srcAttr);
};

describe("compileRelaxation", () => {
  it.each<[name: string, options: Options, expected: string]>([
    ["shortest paths", least, "min dst: add stored 0"],
    ["shortest paths, out", { ...least, activeDirection: "out" }, "min dst: add stored 0"],
    [
      "an offer that is held",
      sends((edge) => {
        const offered = edge.attr.length + edge.srcAttr;
        if (edge.dstAttr > offered) edge.sendToDst(offered);
      }),
      "min dst: add stored 0",
    ],
    [
      "an early return",
      sends((edge) => {
        const offered = edge.srcAttr + edge.attr.toll;
        if (offered >= edge.dstAttr) return;
        edge.sendToDst(offered);
      }),
      "min dst: add stored 1",
    ],
    [
      "a short circuit",
      sends((edge) => void (edge.srcAttr < edge.dstAttr && edge.sendToDst(edge.srcAttr))),
      "min dst: add constant 0",
    ],
    [
      "lengths that are computed",
      sends((edge) => {
        const offered =
          edge.srcAttr + (edge.attr.isOpen ? scale * edge.attr.length : edge.attr.length + edge.attr.toll);
        if (offered < edge.dstAttr) edge.sendToDst(offered);
      }),
      "min dst: add computed",
    ],
    [
      "hops, against edges",
      sends(
        (edge) => {
          if (edge.dstAttr + 1 < edge.srcAttr) edge.sendToSrc(edge.dstAttr + 1);
        },
        { activeDirection: "in" },
      ),
      "min src: add constant 1",
    ],
    [
      "both ways, of which one excludes the other",
      sends((edge) => {
        if (edge.srcAttr + edge.attr.length < edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr.length);
        else if (edge.dstAttr + edge.attr.length < edge.srcAttr) edge.sendToSrc(edge.dstAttr + edge.attr.length);
      }),
      "min dst: add stored 0, src: add stored 0",
    ],
    [
      "both ways, of unlike lengths",
      sends((edge) => {
        if (edge.srcAttr + edge.attr.length < edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr.length);
        if (edge.dstAttr + 3 < edge.srcAttr) edge.sendToSrc(edge.dstAttr + 3);
      }),
      "min dst: add stored 0, src: add constant 3",
    ],
    [
      "labels",
      sends((edge) => {
        if (edge.srcAttr < edge.dstAttr) edge.sendToDst(edge.srcAttr);
        else if (edge.srcAttr > edge.dstAttr) edge.sendToSrc(edge.dstAttr);
      }),
      "min dst: add constant 0, src: add constant 0",
    ],
    [
      "nothing from where nothing came",
      sends((edge) => {
        if (edge.srcAttr !== Infinity && edge.srcAttr + 1 < edge.dstAttr) edge.sendToDst(edge.srcAttr + 1);
      }),
      "min dst: add constant 1",
    ],
    [
      "nothing from what is not finite",
      sends((edge) => {
        if (!Number.isFinite(edge.srcAttr)) return;
        if (edge.srcAttr + 1 < edge.dstAttr) edge.sendToDst(edge.srcAttr + 1);
      }),
      "min dst: add constant 1",
    ],
    [
      "a difference",
      sends((edge) => {
        if (edge.srcAttr - edge.attr.length < edge.dstAttr) edge.sendToDst(edge.srcAttr - edge.attr.length);
      }),
      "min dst: add computed",
    ],
    [
      "the least highest step",
      sends((edge) => {
        const highest = Math.max(edge.srcAttr, edge.attr.length);
        if (highest < edge.dstAttr) edge.sendToDst(highest);
      }),
      "min dst: bound stored 0",
    ],
    [
      "programs with conditions",
      sends(copies, {
        vertexProgram: (_id, label, offered) => (offered < label ? offered : label),
        mergeMessage: (a, b) => {
          if (a <= b) return a;
          return b;
        },
      }),
      "min dst: add constant 0",
    ],
    ["widest paths", most, "max dst: bound stored 0"],
    [
      "the highest label",
      {
        ...most,
        sendMessage: (edge) => {
          if (edge.dstAttr > edge.srcAttr) edge.sendToSrc(edge.dstAttr);
        },
      },
      "max src: add constant 0",
    ],
    [
      "what wears off",
      {
        ...most,
        sendMessage: (edge) => {
          if (edge.srcAttr - 2 > edge.dstAttr) edge.sendToDst(edge.srcAttr - 2);
        },
      },
      "max dst: add constant 2",
    ],
  ])("finds %s", (_name, options, expected) => {
    expect(shortly(looksAt(options))).toBe(expected);
  });

  const direction = (activeDirection: "in" | "both"): string =>
    `activeDirection is ${activeDirection}, so that what is better need not be sent`;
  const noBetter = "sendMessage sends what is no better than what the end has, and so may never end";
  const notAll = "sendMessage does not always send what is better than what the end has";
  const noLength = "a message is not its sender's number, that plus a length, or that within a bound";
  it.each<[name: string, options: Options, why: string]>([
    ["sums", { ...least, mergeMessage: (a, b) => a + b }, "mergeMessage is neither a minimum nor a maximum"],
    ["the first message", { ...least, mergeMessage: (a) => a }, "mergeMessage is neither a minimum nor a maximum"],
    [
      "the better of messages, the worse of all",
      { ...least, mergeMessage: (a, b) => Math.max(a, b) },
      "vertexProgram does not give the max of attribute and message",
    ],
    [
      "the last message",
      { ...least, vertexProgram: (_id, _distance, offered) => offered },
      "vertexProgram does not give the min of attribute and message",
    ],
    [
      "the minimum and more",
      { ...least, vertexProgram: (_id, distance, offered) => Math.min(distance, offered) + 1 },
      "vertexProgram does not give the min of attribute and message",
    ],
    [
      "the wrong way round",
      { ...least, vertexProgram: (_id, distance, offered) => (distance < offered ? offered : distance) },
      "vertexProgram does not give the min of attribute and message",
    ],
    [
      "one vertex that stays",
      { ...least, vertexProgram: (id, distance, offered) => (id === 3 ? distance : Math.min(distance, offered)) },
      "vertexProgram does not give the min of attribute and message",
    ],
    ["targets of messages alone", { ...least, activeDirection: "in" }, direction("in")],
    ["both ends", { ...least, activeDirection: "both" }, direction("both")],
    ["all messages", sends((edge) => edge.sendToDst(edge.srcAttr + edge.attr.length)), noBetter],
    [
      "offers as good",
      sends((edge) => {
        if (edge.srcAttr + edge.attr.length <= edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr.length);
      }),
      noBetter,
    ],
    [
      "another message than is compared",
      sends((edge) => {
        if (edge.srcAttr + edge.attr.length < edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr.toll);
      }),
      noBetter,
    ],
    [
      "some edges",
      sends((edge) => {
        if (edge.attr.isOpen && edge.srcAttr + 1 < edge.dstAttr) edge.sendToDst(edge.srcAttr + 1);
      }),
      notAll,
    ],
    [
      "offers within a limit",
      sends((edge) => {
        if (edge.srcAttr + 1 < edge.dstAttr && edge.srcAttr < 9) edge.sendToDst(edge.srcAttr + 1);
      }),
      notAll,
    ],
    [
      "not where the other end is better, at length 1, by a message of its own",
      sends((edge) => {
        if (edge.dstAttr - 1 < edge.srcAttr) edge.sendToSrc(edge.dstAttr - 1);
        else if (edge.srcAttr + 1 < edge.dstAttr) edge.sendToDst(edge.srcAttr + 1);
      }),
      "a message can be better than what its sender has",
    ],
    [
      "ends compared with something else",
      sends((edge) => {
        if (edge.dstAttr - 5 < edge.srcAttr) return;
        if (edge.srcAttr + 1 < edge.dstAttr) edge.sendToDst(edge.srcAttr + 1);
      }),
      notAll,
    ],
    [
      "gains",
      sends((edge) => {
        if (edge.srcAttr - 1 < edge.dstAttr) edge.sendToDst(edge.srcAttr - 1);
      }),
      "a message can be better than what its sender has",
    ],
    [
      "two lengths, one after the other",
      sends((edge) => {
        const offered = edge.srcAttr + edge.attr.length + edge.attr.toll;
        if (offered < edge.dstAttr) edge.sendToDst(offered);
      }),
      noLength,
    ],
    [
      "a bound on the wrong side",
      sends((edge) => {
        const lower = Math.min(edge.srcAttr, edge.attr.length);
        if (lower < edge.dstAttr) edge.sendToDst(lower);
      }),
      noLength,
    ],
    [
      "products",
      sends((edge) => {
        const offered = edge.srcAttr * edge.attr.length;
        if (offered < edge.dstAttr) edge.sendToDst(offered);
      }),
      noLength,
    ],
    [
      "lengths that depend on the target",
      sends((edge) => {
        const offered = edge.srcAttr + Math.abs(edge.dstAttr);
        if (offered < edge.dstAttr) edge.sendToDst(offered);
      }),
      noLength,
    ],
    [
      "its own end",
      sends((edge) => {
        if (edge.dstAttr < edge.srcAttr) edge.sendToDst(edge.dstAttr);
      }),
      noLength,
    ],
    [
      "two messages",
      sends((edge) => {
        if (edge.srcAttr < edge.dstAttr) {
          edge.sendToDst(edge.srcAttr);
          edge.sendToDst(edge.srcAttr);
        }
      }),
      "sendMessage can send twice to one end",
    ],
    [
      "two kinds of messages",
      sends((edge) => {
        if (edge.srcAttr + 1 < edge.dstAttr) edge.sendToDst(edge.srcAttr + 1);
        else if (edge.srcAttr < edge.dstAttr) edge.sendToDst(edge.srcAttr);
      }),
      "sendMessage has several kinds of messages to one end",
    ],
    ["silence", sends(() => undefined), "sendMessage sends nothing"],
    [
      "a loop",
      sends((edge) => {
        for (let i = 0; i < 2; i++) if (edge.srcAttr < edge.dstAttr) edge.sendToDst(edge.srcAttr);
      }),
      "it has a loop",
    ],
    [
      "what is not read",
      {
        ...least,
        tripletFields: { src: true, dst: true, edge: true },
        sendMessage: (edge) => edge.sendToDst(Number(edge.srcId)),
      },
      noLength,
    ],
  ])("does not find %s", (_name, options, why) => {
    expect(looksAt(options)).toBe(why);
  });

  it("sees strings that do not compile", () => {
    const found = looksAt(
      sends((edge) => {
        if (edge.srcAttr < edge.dstAttr && `${edge.srcId}` !== "") edge.sendToDst(edge.srcAttr);
      }),
    );
    expect(found).toMatch(/does not compile/);
  });
});

/**
 * Programs that are relaxations, over graphs whose edges carry a number, as a user writes them.
 */
import type { PregelOptions } from "../../../../graph/superstep/pregel.ts";

type Program = PregelOptions<number, number, number>;

const least = {
  initialMessage: Infinity,
  vertexProgram: (_id: unknown, attr: number, offered: number) => Math.min(attr, offered),
  mergeMessage: (a: number, b: number) => Math.min(a, b),
};
const most = {
  initialMessage: -Infinity,
  vertexProgram: (_id: unknown, attr: number, offered: number) => (offered > attr ? offered : attr),
  mergeMessage: (a: number, b: number) => (a >= b ? a : b),
};

/** By name. Lengths are attributes of edges, >= 0. */
export const relaxations: Readonly<Record<string, Program>> = {
  "shortest paths": {
    ...least,
    activeDirection: "out",
    sendMessage: (edge) => {
      const offered = edge.srcAttr + edge.attr;
      if (offered < edge.dstAttr) edge.sendToDst(offered);
    },
  },
  "shortest paths against edges": {
    ...least,
    activeDirection: "in",
    sendMessage: (edge) => {
      if (edge.srcAttr > edge.dstAttr + edge.attr) edge.sendToSrc(edge.dstAttr + edge.attr);
    },
  },
  "shortest paths both ways": {
    ...least,
    sendMessage: (edge) => {
      if (edge.srcAttr + edge.attr < edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr);
      else if (edge.dstAttr + edge.attr < edge.srcAttr) edge.sendToSrc(edge.dstAttr + edge.attr);
    },
  },
  "longer ways back": {
    ...least,
    sendMessage: (edge) => {
      const back = 3 * edge.attr + 0.25;
      if (edge.srcAttr + edge.attr < edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr);
      if (edge.dstAttr + back < edge.srcAttr) edge.sendToSrc(edge.dstAttr + back);
    },
  },
  "no message above 40": {
    ...least,
    initialMessage: 40,
    sendMessage: (edge) => {
      if (edge.srcAttr + edge.attr < edge.dstAttr) edge.sendToDst(edge.srcAttr + edge.attr);
    },
  },
  hops: {
    ...least,
    sendMessage: (edge) => {
      if (edge.srcAttr === Infinity) return;
      if (edge.srcAttr + 1 < edge.dstAttr) edge.sendToDst(edge.srcAttr + 1);
    },
  },
  "lengths of ids": {
    ...least,
    sendMessage: (edge) => {
      const offered = edge.srcAttr + Math.abs(Number(edge.srcId) - Number(edge.dstId)) * 0.1;
      if (offered < edge.dstAttr) edge.sendToDst(offered);
    },
  },
  labels: {
    ...least,
    sendMessage: (edge) => {
      if (edge.srcAttr < edge.dstAttr) edge.sendToDst(edge.srcAttr);
      else if (edge.dstAttr < edge.srcAttr) edge.sendToSrc(edge.dstAttr);
    },
  },
  "the least highest step": {
    ...least,
    sendMessage: (edge) => {
      const highest = Math.max(edge.attr, edge.srcAttr);
      if (highest < edge.dstAttr) edge.sendToDst(highest);
    },
  },
  "not below 3": {
    ...least,
    sendMessage: (edge) => {
      const raised = edge.srcAttr < 3 ? 3 : edge.srcAttr;
      if (raised < edge.dstAttr) edge.sendToDst(raised);
    },
  },
  "widest paths": {
    ...most,
    sendMessage: (edge) => {
      const width = Math.min(edge.srcAttr, edge.attr);
      if (width > edge.dstAttr) edge.sendToDst(width);
    },
  },
  "not above 3": {
    ...most,
    sendMessage: (edge) => {
      if (Math.min(edge.dstAttr, 3) > edge.srcAttr) edge.sendToSrc(Math.min(edge.dstAttr, 3));
    },
  },
  "the highest label, as far as it goes": {
    ...most,
    activeDirection: "out",
    sendMessage: (edge) => {
      if (edge.srcAttr - edge.attr > edge.dstAttr) edge.sendToDst(edge.srcAttr - edge.attr);
    },
  },
  "what is reached": {
    ...most,
    sendMessage: (edge) => {
      if (edge.srcAttr > edge.dstAttr) edge.sendToDst(edge.srcAttr);
    },
  },
};

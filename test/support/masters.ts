import type { Context } from "../../core/context.ts";
import { parallelize } from "../../core/rdd/parallelize.ts";
import { RDD } from "../../core/rdd/rdd.ts";
import { useCluster } from "./cluster.ts";
import { useContext } from "./context.ts";
import { contextOver, SerialJobs } from "./serialJobs.ts";

let cluster: [name: string, context: Context] | undefined;

/** From now on `everyMaster` gives a context over executors alone: one for all who ask. */
export function useClusterMaster(master: string): void {
  const running = useCluster(master);
  const context = new Proxy({} as Context, {
    get(_, name) {
      const value: unknown = Reflect.get(running.context, name, running.context);
      return typeof value === "function" ? value.bind(running.context) : value;
    },
  });
  cluster = [master, context];
}

/** One context each: tasks one by one in a random order, on one thread, on two. For `describe.each`. */
export function everyMaster(): [name: string, context: Context][] {
  if (cluster !== undefined) return [cluster];
  return [
    ["serial, in random order", contextOver(new SerialJobs(7))],
    ["local[1]", useContext("local[1]")],
    ["local[2]", useContext("local[2]")],
  ];
}

/** The cut of `parallelize`: partition i of n has the items in [i / n, (i + 1) / n) of all. */
export function slices<T>(data: readonly T[], n: number): T[][] {
  return Array.from({ length: n }, (_, i) =>
    data.filter((_item, at) => at >= Math.floor((i * data.length) / n) && at < Math.floor(((i + 1) * data.length) / n)),
  );
}

/** An RDD of `data` in `n` partitions, also where `context` is a stand-in. */
export function rddOf<T>(context: Context, data: readonly T[], n: number): RDD<T> {
  return new RDD(context, parallelize(data, n));
}

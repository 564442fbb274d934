// A worker thread that revives what it is sent, calls it, and answers with the result or the error.
import { parentPort } from "node:worker_threads";
import { revive } from "../../../dist/core/function/revive.js";

parentPort.on("message", ({ id, shipped, args }) => {
  void (async () => {
    try {
      const fn = await revive(shipped, { importModule: (url) => import(url), where: "thread" });
      parentPort.postMessage({ id, result: await fn(...args) });
    } catch (error) {
      parentPort.postMessage({
        id,
        error: { message: String(error?.message), code: error?.code, stack: error?.stack },
      });
    }
  })();
});

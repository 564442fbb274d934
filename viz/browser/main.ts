/**
 * One script with two roles: the page, and, started again from the page's own text, its layout worker.
 */
import { startApp } from "./app.ts";
import { byId } from "./element.ts";
import { serveLayout } from "./layout/worker.ts";
import { loadModel } from "./liveData.ts";

if (typeof document === "undefined") {
  serveLayout(self as unknown as Parameters<typeof serveLayout>[0]);
} else {
  const script = document.currentScript?.textContent ?? "";
  loadModel()
    .then((model) => startApp(model, script))
    .catch((error: unknown) => {
      const failure = byId("failure");
      failure.textContent = error instanceof Error ? error.message : String(error);
      failure.hidden = false;
    });
}

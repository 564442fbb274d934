import { afterEach, describe, expect, it } from "vitest";
import { Context } from "../../core/context.ts";
import { setContextDefaults } from "../../core/contextDefaults.ts";
import type { SuperstepEvent } from "../../core/schedule/events.ts";

afterEach(() => setContextDefaults({}));

describe("setContextDefaults", () => {
  it("gives contexts what they do not name themselves", async () => {
    const stop = new AbortController();
    const heard: SuperstepEvent[] = [];
    const listener = (event: SuperstepEvent): void => void heard.push(event);
    setContextDefaults({ master: "local[3]", appName: "default", signal: stop.signal, listener });
    await using named = await Context.create({
      master: "local[1]",
      appName: "own",
      signal: new AbortController().signal,
    });
    await using other = await Context.create();
    expect([named.master, named.appName, other.master, other.appName]).toEqual([
      "local[1]",
      "own",
      "local[3]",
      "default",
    ]);
    expect(await other.range(5).count()).toBe(5);
    expect(heard.some(({ type }) => type === "job.end")).toBe(true);
    stop.abort();
    await expect(other.range(5).count()).rejects.toMatchObject({ code: "CONTEXT_STOPPED" });
    expect(await named.range(5).count()).toBe(5);
  });

  it("leaves out what it does not name", async () => {
    setContextDefaults({});
    await using ctx = await Context.create();
    expect([ctx.master, ctx.appName]).toEqual(["local[*]", "superstep"]);
  });
});

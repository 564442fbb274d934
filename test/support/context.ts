import { afterAll, beforeAll } from "vitest";
import { Context, type ContextOptions } from "../../core/context.ts";

/**
 * A context for the tests of a file or of a `describe`: made before the first of them, stopped after the last one. What
 * is returned stands for it; it must not be used outside of tests and hooks.
 */
export function useContext(master: string, options: Omit<ContextOptions, "master"> = {}): Context {
  let context: Context | undefined;
  beforeAll(async () => {
    context = await Context.create({ ...options, master });
  });
  afterAll(async () => {
    await context?.stop();
  });
  return new Proxy({} as Context, {
    get(_, name) {
      if (context === undefined) throw new Error("useContext: used outside of a test");
      const value: unknown = Reflect.get(context, name, context);
      return typeof value === "function" ? value.bind(context) : value;
    },
  });
}

/** The module hooks that programs in TypeScript need, as threads take them. */
export const moduleHooks: string = new URL("../typescript/hooks.js", import.meta.url).href;

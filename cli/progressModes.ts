/**
 * The ways to show progress, by name.
 */

/** How progress is shown: `auto` is `bar` on a terminal, else `plain`. */
export type ProgressMode = "auto" | "bar" | "plain" | "json" | "none";

/** Every progress mode. */
export const progressModes: readonly ProgressMode[] = ["auto", "bar", "plain", "json", "none"];

import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../shared/data/", import.meta.url));

/** Real graphs beside the repository; tests that read them are skipped, saying so, where there are none. */
export const hasSharedData: boolean = existsSync(path.join(root, "README.md"));

/** The path of a file of the real graphs. */
export function sharedData(file: string): string {
  return path.join(root, file);
}

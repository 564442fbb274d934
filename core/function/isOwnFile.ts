const packageRoot = new URL("../../", import.meta.url).href;
const layer = /^(?:core|graph|viz|shared|threads)\//; // the last two: bundled

/**
 * True for files of this package's layers, of programs that come with it not. What is to be found out about users' files by
 * parsing them whole is known of these, or does not matter; and bundled, they are few and long.
 */
export function isOwnFile(url: string): boolean {
  return url.startsWith(packageRoot) && layer.test(url.slice(packageRoot.length));
}

/**
 * The package as users get it: packed, installed into an empty folder, and run from there. It fetches the package's
 * dependencies, so it runs under CI only.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));

describe.skipIf(!process.env["CI"])(
  "the packed tarball, in an empty folder (under CI only: it fetches dependencies)",
  () => {
    let folder = "";

    beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), "superstep-package-"));
      await run("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { cwd: root });
      const [tarball] = (await readdir(folder)).filter((file) => file.endsWith(".tgz"));
      await writeFile(
        path.join(folder, "package.json"),
        JSON.stringify({ name: "user", private: true, type: "module" }),
      );
      await run("npm", ["install", "--no-audit", "--no-fund", `./${tarball}`], { cwd: folder });
      await writeFile(path.join(folder, "edges.txt"), "# a path and a pair\n1 2\n2 3\n7 8\n");
    }, 240_000);

    afterAll(async () => {
      await rm(folder, { recursive: true, force: true });
    });

    it("runs the command", async () => {
      const command = path.join(folder, "node_modules", ".bin", "superstep");
      await run(command, ["run", "components", "edges.txt", "-o", "components.csv"], { cwd: folder });
      expect(await readFile(path.join(folder, "components.csv"), "utf8")).toBe(
        "id,component\n1,1\n2,1\n3,1\n7,7\n8,7\n",
      );
    });

    it("runs a program that imports it", async () => {
      const program = `
      import { Context, GraphLoader } from "superstep";
      const ctx = await Context.create({ master: "local[2]" });
      const graph = await GraphLoader.edgeListFile(ctx, "edges.txt");
      const offset = 10;
      console.log(JSON.stringify(await graph.mapVertices((id) => Number(id) + offset).vertices.collect()));
      await ctx.stop();`;
      await writeFile(path.join(folder, "program.js"), program);
      const { stdout } = await run(process.execPath, ["program.js"], { cwd: folder });
      expect(JSON.parse(stdout)).toEqual([
        [1, 11],
        [2, 12],
        [3, 13],
        [7, 17],
        [8, 18],
      ]);
    });
  },
);

import { describe, expect, it } from "vitest";
import { palettes } from "../../../viz/view/palette.ts";
import { randomResult } from "../resultGraphs.ts";
import { skipsPages } from "./chromium.ts";
import { contentWidth, drawn, ground, live, pixels, unnamedControls } from "./inPage.ts";
import { blue, cross, crossOnScreen, crossOptions, hits, text, useWatchedPages } from "./watchedPages.ts";

describe.skipIf(skipsPages)("the page", () => {
  const { open } = useWatchedPages();

  it("opens from a file, says what it shows, and draws", async () => {
    const page = await open(cross(), crossOptions);
    expect(await page.title()).toBe("A cross");
    expect(await text(page, "h1")).toBe("A cross");
    expect(await text(page, "#banner")).toBe("showing all 6 vertices and all 5 edges");
    const { inked, near } = await pixels(page, "base", blue);
    expect(inked).toBeGreaterThan(2_000);
    expect(near).toBeGreaterThan(200);
    expect((await pixels(page, "overlay")).inked).toBe(0);
  });

  it("draws on demand only", async () => {
    const page = await open(cross(), crossOptions);
    const before = await drawn(page);
    await page.waitForTimeout(500);
    expect(await drawn(page)).toBe(before);
  });

  it("dims all but a node and its neighbours under the pointer", async () => {
    const page = await open(cross(), crossOptions);
    const at = await crossOnScreen(page);
    await page.mouse.move(...at(100, 0));
    await drawn(page);
    expect(await page.locator("#base").getAttribute("class")).toBe("dimmed");
    const focused = (await pixels(page, "overlay")).inked;
    expect(focused).toBeGreaterThan(200);
    await page.mouse.move(...at(150, 80));
    await drawn(page);
    expect(await page.locator("#base").getAttribute("class")).toBe("");
    expect((await pixels(page, "overlay")).inked).toBe(0);
  });

  it("shows all about a node that is clicked, and goes on to its neighbours", async () => {
    const page = await open(cross(), crossOptions);
    const at = await crossOnScreen(page);
    await page.mouse.click(...at(0, 0));
    const inspector = page.locator("#inspector");
    expect(await inspector.locator("h2").innerText()).toBe("Middle");
    expect((await inspector.locator("dl").allInnerTexts()).join("\n").split("\n")).toEqual([
      "rank",
      "9",
      "name",
      "Middle",
      "kind",
      "hub",
      "x",
      "0",
      "y",
      "0",
      "edges in",
      "1",
      "edges out",
      "3",
    ]);
    expect(await inspector.locator(".neighbour").allInnerTexts()).toEqual([
      "→\nEast",
      "→\nSouth",
      "←\nWest",
      "→\nNorth",
    ]);
    expect(await live(page)).toBe("Selected Middle, vertex 0, rank 9, 4 neighbours");
    await inspector.getByText("East").click();
    expect(await inspector.locator("h2").innerText()).toBe("East");
    await page.keyboard.press("Escape");
    expect(await inspector.isHidden()).toBe(true);
  });

  it("searches ids, labels and attributes; arrows walk the hits, Enter takes one", async () => {
    const page = await open(cross(), crossOptions);
    await page.keyboard.press("/");
    await page.keyboard.type("east");
    expect(await hits(page)).toEqual(["East\n1", "Farther East\n5"]);
    await drawn(page);
    expect((await pixels(page, "overlay")).inked).toBeGreaterThan(100);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    expect(await page.locator("#hits [aria-selected=true]").innerText()).toBe("Farther East\n5");
    await page.keyboard.press("Enter");
    expect(await text(page, "#inspector h2")).toBe("Farther East");
    await page.keyboard.press("/");
    await page.keyboard.type("hub");
    expect(await hits(page)).toEqual(["Middle\nkind: hub"]);
    await page.keyboard.press("Escape");
    expect(await page.locator("#hits").isHidden()).toBe(true);
    await page.keyboard.press("/");
    await page.keyboard.type("nowhere");
    expect(await text(page, "#hits")).toBe("Nothing found among the vertices shown");
  });

  it("can be walked by keyboard alone", async () => {
    const page = await open(cross(), crossOptions);
    await page.locator("#overlay").focus();
    await page.keyboard.press("ArrowRight");
    expect(await live(page)).toBe("Middle, vertex 0, rank 9, 4 neighbours");
    for (const [key, name] of [
      ["ArrowRight", "East"],
      ["ArrowRight", "Farther East"],
      ["ArrowLeft", "East"],
      ["ArrowLeft", "Middle"],
      ["ArrowDown", "South"],
      ["ArrowUp", "Middle"],
      ["ArrowUp", "North"],
    ] as const) {
      await page.keyboard.press(key);
      expect(await live(page)).toMatch(new RegExp(`^${name}, vertex`));
    }
    await page.keyboard.press("ArrowUp");
    expect(await live(page)).toBe("Nothing further in that direction");
    await page.keyboard.press("Enter");
    expect(await text(page, "#inspector h2")).toBe("North");
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    expect(await page.getByRole("dialog").isVisible()).toBe(true);
    await page.keyboard.press("Escape");
    expect(await page.getByRole("dialog").isVisible()).toBe(false);
    await page.keyboard.press("d");
    expect(await page.locator("html").getAttribute("data-theme")).toBe("dark");
  });

  it("zooms, pans and fits", async () => {
    const page = await open(cross(), crossOptions);
    const at = await crossOnScreen(page);
    const whole = await pixels(page, "base", blue);
    for (let press = 0; press < 4; press++) await page.keyboard.press("+");
    await page.waitForTimeout(600);
    await drawn(page);
    await page.mouse.move(...at(0, 0));
    expect((await pixels(page, "base", blue)).near).not.toBe(whole.near);
    await page.keyboard.press("f");
    await page.waitForTimeout(600);
    await page.mouse.move(...at(150, 80));
    await drawn(page);
    expect(await pixels(page, "base", blue)).toEqual(whole);
    await page.mouse.down();
    await page.mouse.move(...at(150, 0), { steps: 4 });
    await page.mouse.up();
    await drawn(page);
    await page.mouse.click(...at(0, -80)); // the middle has moved down with the ground
    expect(await text(page, "#inspector h2")).toBe("Middle");
  });

  it("filters by the legend, and says so", async () => {
    const page = await open(cross(), crossOptions);
    const classes = page.locator("#classes button");
    expect(await classes.allInnerTexts()).toEqual(["end\n4", "far\n1", "hub\n1"]);
    expect((await pixels(page, "base", blue)).near).toBeGreaterThan(200);
    await classes.nth(0).click();
    await drawn(page);
    expect((await pixels(page, "base", blue)).near).toBe(0);
    expect(await text(page, "#shown")).toBe("2 of 6 shown");
    expect(await classes.nth(0).getAttribute("aria-pressed")).toBe("false");
    await classes.nth(0).click({ modifiers: ["Shift"] });
    expect(await text(page, "#shown")).toBe("4 of 6 shown");
    await page.getByRole("button", { name: "Show all" }).click();
    expect(await text(page, "#shown")).toBe("6 vertices");
    const at = await crossOnScreen(page);
    await classes.nth(2).click();
    await page.mouse.click(...at(0, 0));
    expect(await page.locator("#inspector").isHidden()).toBe(true); // what is hidden cannot be clicked
  });

  it("sizes, colours and labels by what one chooses", async () => {
    const page = await open(cross(), crossOptions);
    await page.locator("#colour-by").selectOption("rank");
    expect(await page.locator("#classes button").count()).toBe(6);
    await page.locator("#colour-by").selectOption({ label: "one colour" });
    expect(await page.locator("#classes button").allInnerTexts()).toEqual(["all vertices\n6"]);
    const before = (await pixels(page, "base", blue)).near;
    await page.locator("#size-by").selectOption("degree");
    await drawn(page);
    expect((await pixels(page, "base", blue)).near).not.toBe(before);
    await page.locator("#label-by").selectOption({ label: "id" });
    await page.keyboard.press("/");
    await page.keyboard.type("Middle");
    expect(await hits(page)).toEqual(["0\nname: Middle"]);
  });

  it("has a table of all nodes, sorted by click, bound to the selection", async () => {
    const page = await open(cross(), crossOptions);
    await page.keyboard.press("t");
    const rows = page.locator("#table tbody tr");
    expect(await rows.count()).toBe(6);
    const ids = (): Promise<string[]> => page.locator("#table tbody th").allInnerTexts();
    expect(await ids()).toEqual(["0", "1", "2", "3", "4", "5"]);
    await page.getByRole("columnheader", { name: "name" }).getByRole("button").click();
    expect(await ids()).toEqual(["1", "5", "0", "4", "2", "3"]);
    await page.getByRole("button", { name: "5", exact: true }).click();
    expect(await text(page, "#inspector h2")).toBe("Farther East");
    expect(await page.locator('#table tr[aria-selected="true"] th').innerText()).toBe("5");
    await page.keyboard.press("t");
    expect(await page.locator("#table").isHidden()).toBe(true);
  });

  it("pages its table, 50 rows at a time", async () => {
    const page = await open(randomResult(4, 120, 150), { title: "t" });
    await page.keyboard.press("t");
    expect(await text(page, "#table .range")).toBe("1–50 of 120 rows");
    await page.getByRole("button", { name: "Next page" }).click();
    await page.getByRole("button", { name: "Next page" }).click();
    expect(await text(page, "#table .range")).toBe("101–120 of 120 rows");
    expect(await page.locator("#table tbody tr").count()).toBe(20);
  });

  it("follows the system's theme, and the switch", async () => {
    const page = await open(cross(), crossOptions, { colorScheme: "dark" });
    expect(await ground(page)).toBe("rgb(16, 19, 24)");
    expect((await pixels(page, "base", palettes.dark.categories[0])).near).toBeGreaterThan(200);
    await page.getByRole("button", { name: "Dark colours" }).click();
    await drawn(page);
    expect(await ground(page)).toBe("rgb(251, 250, 248)");
    expect((await pixels(page, "base", blue)).near).toBeGreaterThan(200);
  });

  it("fits small screens: nothing sticks out, the legend opens on demand", async () => {
    const page = await open(cross(), crossOptions, { viewport: { width: 360, height: 640 }, hasTouch: true });
    expect(await contentWidth(page)).toBe(360);
    expect(await page.locator("#classes").isVisible()).toBe(false);
    await page.locator("#legend summary").click();
    expect(await page.locator("#classes").isVisible()).toBe(true);
  });

  it("has names for all its controls", async () => {
    const page = await open(cross(), crossOptions);
    const tree = await page.locator("body").ariaSnapshot();
    for (const line of [
      'application "Graph of 6 nodes, 5 links. Arrow keys walk, Enter selects, question mark for help."',
      'combobox "Search vertices by id, label or attribute"',
      'combobox "Colour"',
      'button "Fit to the window"',
      'button "Run the layout"',
      'button "Table of vertices"',
    ]) {
      expect(tree).toContain(line);
    }
    expect(await unnamedControls(page)).toBe(0);
  });
});

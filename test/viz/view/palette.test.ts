import { describe, expect, it } from "vitest";
import { palettes } from "../../../viz/view/palette.ts";

type Rgb = readonly [number, number, number];

const linear = (hex: string): Rgb =>
  [1, 3, 5].map((at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as unknown as Rgb;

const luminance = ([r, g, b]: Rgb): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;

const contrast = (a: string, b: string): number => {
  const [low, high] = [luminance(linear(a)), luminance(linear(b))].sort((x, y) => x - y) as [number, number];
  return (high + 0.05) / (low + 0.05);
};

/** OKLab (Ottosson 2020). */
const oklab = ([r, g, b]: Rgb): Rgb => {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
};

/** Full severity, Machado, Oliveira, Fernandes 2009; on linear RGB. */
const sights: Record<string, readonly Rgb[]> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.6913669, 0.3039],
  ],
};

const seen = (rgb: Rgb, sight: readonly Rgb[]): Rgb =>
  sight.map((row) => Math.max(0, Math.min(1, row[0] * rgb[0] + row[1] * rgb[1] + row[2] * rgb[2]))) as unknown as Rgb;

describe.each(Object.entries(palettes))("the %s palette", (_theme, palette) => {
  it.each(Object.entries(sights))("keeps any two categories apart under %s", (name, sight) => {
    const points = palette.categories.map((hex) => oklab(seen(linear(hex), sight)));
    expect(points).toHaveLength(10);
    const least = name === "tritanopia" ? 0.08 : 0.1; // the rarest by far has a little less
    points.forEach((a, i) => {
      for (const b of points.slice(0, i)) {
        expect(Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])).toBeGreaterThan(least);
      }
    });
  });

  it("has contrast: 3 for circles, 4.5 for text", () => {
    for (const colour of [...palette.categories, palette.neutral, palette.absent, palette.accent]) {
      expect(contrast(colour, palette.background)).toBeGreaterThanOrEqual(3);
    }
    expect(contrast(palette.text, palette.background)).toBeGreaterThanOrEqual(4.5);
  });

  it("has sequences that go away from the background step by step", () => {
    const contrasts = palette.sequence.map((colour) => contrast(colour, palette.background));
    expect(palette.sequence).toHaveLength(7);
    expect(contrasts).toEqual(contrasts.toSorted((a, b) => a - b));
  });
});

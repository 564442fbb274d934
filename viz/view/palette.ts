/**
 * Colours of both themes.
 *
 * The ten category colours were searched for: under normal sight and full protanopia, deuteranopia and tritanopia
 * (Machado, Oliveira, Fernandes 2009) any two differ by at least 0.1 in OKLab, and each has a contrast of at least 3 to
 * the background. The same place has the same hue name in both themes. Sequences are seven steps of viridis.
 */
export type ThemeName = "light" | "dark";

export interface Palette {
  readonly background: string;
  /** Labels, and their halo is the background. */
  readonly text: string;
  /** Links between nodes of different classes. */
  readonly link: string;
  /** "other", and nodes without a class. */
  readonly neutral: string;
  /** Missing values, and what is no number. */
  readonly absent: string;
  /** Rings around what is selected or under the cursor. */
  readonly accent: string;
  /** Ten, most frequent first. */
  readonly categories: readonly string[];
  /** Seven, low to high: away from the background as values grow. */
  readonly sequence: readonly string[];
}

export const palettes: Record<ThemeName, Palette> = {
  light: {
    background: "#fbfaf8",
    text: "#1d2129",
    link: "#747b88",
    neutral: "#858b96",
    absent: "#a8741a",
    accent: "#1a1c20",
    categories: [
      "#4f91ee",
      "#a74d01",
      "#00856b",
      "#c267af",
      "#6650b9",
      "#8d9919",
      "#8c1743",
      "#075177",
      "#4d1e00",
      "#291873",
    ],
    sequence: ["#86d549", "#3dbc74", "#1e9d89", "#287d8e", "#365c8d", "#453581", "#46085c"],
  },
  dark: {
    background: "#101318",
    text: "#e8eaee",
    link: "#6d7684",
    neutral: "#8d95a3",
    absent: "#d2a24c",
    accent: "#ffffff",
    categories: [
      "#6593f7",
      "#f19f1d",
      "#41da9f",
      "#bb849b",
      "#d7aefd",
      "#f0ee64",
      "#ac3f64",
      "#bcedff",
      "#a0710a",
      "#5a5cb7",
    ],
    sequence: ["#3e4989", "#2f6b8e", "#238a8d", "#22a884", "#52c569", "#9dd93b", "#f1e51d"],
  },
};

/**
 * Says where one is, for those who hear the page.
 */
import { columnNamed } from "../view/pageData.ts";
import { countText, valueText } from "../view/valueText.ts";
import { byId } from "./element.ts";
import type { PageGraph } from "./pageGraph.ts";
import type { Picture } from "./picture.ts";
import type { ViewState } from "./store.ts";

/** Puts a sentence into the live region. */
export function announce(sentence: string): void {
  byId("live").textContent = sentence;
}

/** "SEA Seattle, rank 0.031, 14 neighbours". */
export function describeNode(node: number, state: ViewState, picture: Picture, graph: PageGraph): string {
  const size = columnNamed(picture.data, state.sizeBy);
  const value = size === undefined ? "" : `, ${size.name} ${valueText(size.values[node])}`;
  const id = valueText(picture.data.ids.values[node]);
  const label = picture.labelOf(node);
  const name = label === id ? `vertex ${id}` : `${label}, vertex ${id}`;
  return `${name}${value}, ${countText(graph.neighbours(node).length, "neighbour")}`;
}

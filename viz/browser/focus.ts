/**
 * What stands out: the node under the pointer, else what the search found, else the node the keyboard is on, else the
 * one in the inspector; a node together with its neighbours.
 */
import type { PageGraph } from "./pageGraph.ts";
import type { Picture } from "./picture.ts";
import type { Focus } from "./stage.ts";
import type { ViewState } from "./store.ts";

export function focusOf(state: ViewState, picture: Picture, graph: PageGraph): Focus | undefined {
  const ringed = [
    ...(state.selected >= 0 ? [{ node: state.selected, dashed: false }] : []),
    ...(state.cursor >= 0 && state.cursor !== state.selected ? [{ node: state.cursor, dashed: true }] : []),
  ].filter(({ node }) => picture.isShown(node));
  const middle = [state.hover, state.hits === null ? state.cursor : -1, state.hits === null ? state.selected : -1].find(
    (node) => node >= 0 && picture.isShown(node),
  );
  if (middle !== undefined) {
    const nodes = new Set([middle, ...graph.neighbours(middle).map(({ node }) => node)]);
    const { source, target } = picture.links;
    const isLinkShown = (link: number): boolean => source[link] === middle || target[link] === middle;
    const labelled = [middle, ...ringed.map(({ node }) => node)].filter((node) => nodes.has(node));
    return { nodes, isLinkShown, labelled, ringed: ringed.filter(({ node }) => nodes.has(node)) };
  }
  if (state.hits === null || state.hits.length === 0) return undefined;
  const nodes = new Set(state.hits);
  const labelled = state.cursor >= 0 && nodes.has(state.cursor) ? [state.cursor] : [];
  return { nodes, isLinkShown: () => false, labelled, ringed: ringed.filter(({ node }) => nodes.has(node)) };
}

/**
 * Walks plans. Lineage can be thousands of nodes deep, so nothing here recurses.
 */
import type { Plan } from "./plan.ts";

/** All that is reachable from `roots`, each once, after everything it `needs`. */
export function dependenciesFirst<N>(roots: readonly N[], needs: (node: N) => readonly N[]): N[] {
  const ordered: N[] = [];
  const seen = new Set<N>();
  const open: { node: N; needed: readonly N[]; next: number }[] = [];
  const enter = (node: N): void => {
    if (seen.has(node)) return;
    seen.add(node);
    open.push({ node, needed: needs(node), next: 0 });
  };
  for (const root of roots) {
    enter(root);
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      if (top.next < top.needed.length) {
        enter(top.needed[top.next++]!);
      } else {
        ordered.push(top.node);
        open.pop();
      }
    }
  }
  return ordered;
}

/** The whole lineage of `plan`, parents first, `plan` itself last. */
export function lineageOf(plan: Plan): Plan[] {
  return dependenciesFirst<Plan>([plan], (node) => node.dependencies.map(({ parent }) => parent));
}

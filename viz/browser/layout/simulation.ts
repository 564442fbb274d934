/**
 * The force layout, one for Node and the page's worker alike. Deterministic: places depend on the input alone.
 */
import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type Simulation,
  type SimulationLinkDatum,
  type SimulationNodeDatum,
} from "d3";

export interface LayoutInput {
  readonly numNodes: number;
  readonly source: ArrayLike<number>;
  readonly target: ArrayLike<number>;
  /** In px, per node. */
  readonly radii: ArrayLike<number>;
  /** x and y in turn to start from. Default: a spiral, the first nodes in the middle. */
  readonly positions?: ArrayLike<number> | undefined;
}

interface LayoutNode extends SimulationNodeDatum {
  readonly radius: number;
  readonly degree: number;
}

/** Below this heat, the last third of a full run, circles push each other apart. */
const collisionAlpha = 0.01;

/** A layout that moves by ticks. */
export class Layout {
  readonly #nodes: LayoutNode[];
  readonly #simulation: Simulation<LayoutNode, SimulationLinkDatum<LayoutNode>>;
  #collides = false;

  constructor({ numNodes, source, target, radii, positions }: LayoutInput) {
    const links = distinctLinks(numNodes, source, target);
    const degrees = new Uint32Array(numNodes);
    for (const [a, b] of links) {
      degrees[a]!++;
      degrees[b]!++;
    }
    this.#nodes = Array.from({ length: numNodes }, (_node, node) => ({
      radius: radii[node]!,
      degree: degrees[node]!,
      ...(positions && { x: positions[2 * node]!, y: positions[2 * node + 1]! }),
    }));
    // Larger graphs draw closer together, or nothing of them could be seen at once.
    const crowd = Math.min(1, Math.sqrt(100 / Math.max(1, numNodes)));
    const pull = (node: LayoutNode): number => (node.degree === 0 ? 0.09 : 0.06 - 0.025 * crowd);
    this.#simulation = forceSimulation(this.#nodes)
      .stop()
      .randomSource(seeded())
      .force(
        "link",
        forceLink<LayoutNode, SimulationLinkDatum<LayoutNode>>(
          links.map(([a, b]) => ({ source: this.#nodes[a]!, target: this.#nodes[b]! })),
        ).distance(({ source: a, target: b }) => 28 + (a as LayoutNode).radius + (b as LayoutNode).radius),
      )
      .force(
        "charge",
        forceManyBody<LayoutNode>()
          .strength((node) => (node.degree === 0 ? -30 : -24 - 40 * crowd - 6 * node.radius))
          .theta(numNodes > 500 ? 1.3 : 0.9)
          .distanceMax(300 + 700 * crowd),
      )
      .force("x", forceX<LayoutNode>().strength(pull))
      .force("y", forceY<LayoutNode>().strength(pull));
  }

  /** How much the nodes still move: 1 at the start, at rest below 0.001. */
  get alpha(): number {
    return this.#simulation.alpha();
  }

  set alpha(value: number) {
    this.#simulation.alpha(value);
  }

  /** The heat that alpha tends to: 0, but while something is dragged. */
  set alphaTarget(value: number) {
    this.#simulation.alphaTarget(value);
  }

  /** Moves all nodes once; mean distance moved in px. */
  tick(): number {
    if (!this.#collides && this.alpha < collisionAlpha) {
      this.#collides = true;
      this.#simulation.force(
        "collide",
        forceCollide<LayoutNode>((node) => node.radius + 2),
      );
    }
    this.#simulation.tick();
    let moved = 0;
    for (const node of this.#nodes) moved += Math.hypot(node.vx ?? 0, node.vy ?? 0);
    return moved / Math.max(1, this.#nodes.length);
  }

  /** Keeps a node at a place until it is released. */
  hold(node: number, x: number, y: number): void {
    const held = this.#nodes[node]!;
    held.fx = held.x = x;
    held.fy = held.y = y;
  }

  release(node: number): void {
    const held = this.#nodes[node]!;
    held.fx = null;
    held.fy = null;
  }

  /** x and y of each node in turn: a new array. */
  positions(): Float32Array<ArrayBuffer> {
    const positions = new Float32Array(2 * this.#nodes.length);
    this.#nodes.forEach((node, position) => {
      positions[2 * position] = node.x!;
      positions[2 * position + 1] = node.y!;
    });
    return positions;
  }
}

/** Each pair of different nodes once, in order of first appearance. */
function distinctLinks(
  numNodes: number,
  source: ArrayLike<number>,
  target: ArrayLike<number>,
): (readonly [number, number])[] {
  const pairs = new Map<number, readonly [number, number]>();
  for (let link = 0; link < source.length; link++) {
    const a = Math.min(source[link]!, target[link]!);
    const b = Math.max(source[link]!, target[link]!);
    const key = a * numNodes + b;
    if (a !== b && !pairs.has(key)) pairs.set(key, [a, b]);
  }
  return [...pairs.values()];
}

/** Uniform numbers in [0, 1), always the same: Park and Miller's generator. */
function seeded(): () => number {
  let state = 20_260_101;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return (state - 1) / 2_147_483_646;
  };
}

/**
 * What the user has chosen, in one place. Parts of the page read it, change it, and hear of changes.
 */
import type { ThemeName } from "../view/palette.ts";

export interface ViewState {
  readonly theme: ThemeName;
  readonly sizeBy: string | null;
  readonly colourBy: string | null;
  readonly labelBy: string | null;
  /** Classes of the legend that are switched off. */
  readonly hiddenClasses: ReadonlySet<number>;
  /** Node under the pointer, node the keyboard is on, node in the inspector; -1 for none. */
  readonly hover: number;
  readonly cursor: number;
  readonly selected: number;
  /** Nodes that the search found, the best first; null while nobody searches. */
  readonly hits: readonly number[] | null;
  readonly isRunning: boolean;
  /** Nodes that were dragged and stay where they were dropped. */
  readonly held: ReadonlySet<number>;
}

type Listener = (state: ViewState, changed: ReadonlySet<keyof ViewState>) => void;

export class Store {
  #state: ViewState;
  readonly #listeners: Listener[] = [];

  constructor(initial: ViewState) {
    this.#state = initial;
  }

  get state(): ViewState {
    return this.#state;
  }

  /** Sets some fields, then tells all listeners which of them changed; nobody if none did. */
  update(patch: Partial<ViewState>): void {
    const changed = new Set<keyof ViewState>();
    for (const key of Object.keys(patch) as (keyof ViewState)[]) {
      if (patch[key] !== this.#state[key]) changed.add(key);
    }
    if (changed.size === 0) return;
    this.#state = { ...this.#state, ...patch };
    for (const listener of this.#listeners) listener(this.#state, changed);
  }

  onChange(listener: Listener): void {
    this.#listeners.push(listener);
  }
}

/**
 * Makes elements. Strings become text nodes, never markup; styles are classes of the sheet.
 */
type Child = Node | string | undefined | false;

/** Attributes by name; false and undefined leave one out, true sets it empty. `on…` functions listen. */
type Attributes = { readonly [name: string]: string | number | boolean | undefined | ((event: never) => void) };

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svgElement<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

/** The element of the page with this id, which the page is known to have. */
export function byId<E extends HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`internal error: the page has no #${id}`);
  return found as E;
}

function filled<E extends Element>(target: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") target.addEventListener(name.slice(2), value as (event: Event) => void);
    else target.setAttribute(name, value === true ? "" : String(value));
  }
  target.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
  return target;
}

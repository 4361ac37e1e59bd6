// The elements that ../../open/markup.ts gives an id. Used by the files beside this.

/** TypeError if the page has no such element. */
export function element<E extends HTMLElement = HTMLElement>(
  id: string,
  type?: abstract new () => E,
): E {
  const found = document.getElementById(id)
  if (found === null || (type !== undefined && !(found instanceof type))) {
    throw new TypeError(`the page has no ${id}`)
  }
  return found as E
}

export function show(id: string, isShown: boolean): void {
  element(id).hidden = !isShown
}

// Text into HTML. Used by all files of the report.

/** Markup, as opposed to text that is still to be escaped. */
export class Markup {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

type Part = string | number | Markup | readonly Part[] | undefined

/** A template whose values are escaped unless they are Markup; lists are joined, undefined is nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Part[]): Markup {
  return new Markup(
    strings.reduce((text, piece, index) => text + rendered(values[index - 1]) + piece),
  )
}

function rendered(part: Part): string {
  if (part === undefined) return ''
  if (part instanceof Markup) return part.toString()
  if (Array.isArray(part)) return part.map((each: Part) => rendered(each)).join('')
  return String(part).replaceAll(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`)
}

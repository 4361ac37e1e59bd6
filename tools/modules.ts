// What a source file imports, and re-exports from elsewhere, with positions. Called by the build,
// which rewrites specifiers, and by the import rules, which judge them.

import { parseSync } from 'vite'

export interface ModuleRequest {
  /** The specifier, without quotes. */
  readonly specifier: string
  /** Where the specifier's literal, quotes included, begins and ends in the text. */
  readonly start: number
  readonly end: number
}

/** Static and dynamic imports and re-exports, of types too, in the order of the text. */
export function moduleRequests(path: string, text: string): ModuleRequest[] {
  const { module, errors } = parseSync(path, text)
  if (errors[0] !== undefined) throw new SyntaxError(`${path}: ${errors[0].message}`)
  // By position, since an import that is exported again is listed twice.
  const requests = new Map<number, ModuleRequest>()
  const add = (start: number, end: number): void => {
    const literal = text.slice(start, end)
    if (/^(["'`])[^$]*\1$/.test(literal)) {
      requests.set(start, { specifier: literal.slice(1, -1), start, end })
    }
  }
  for (const { moduleRequest } of module.staticImports) add(moduleRequest.start, moduleRequest.end)
  for (const { moduleRequest } of module.dynamicImports) add(moduleRequest.start, moduleRequest.end)
  for (const { entries } of module.staticExports) {
    for (const { moduleRequest } of entries) {
      if (moduleRequest) add(moduleRequest.start, moduleRequest.end)
    }
  }
  return [...requests.values()].toSorted((a, b) => a.start - b.start)
}

// Names of the program as names in OPFS and back. OPFS takes every name of the contract as it is, except
// one with a backslash, which Chromium refuses; and one name is the store's own. The two mappings are
// one-to-one onto what OPFS takes, so an escaped name can never be another file's, and a file that other
// code puts there always has a name for the program.
//
//   program     in OPFS
//   a\b         a%5Cb
//   a%5Cb       a%255Cb        (one more 25 in every %5C, %255C, …)
//   .wasm-vfs   .wasm-vfs~     (one more ~ in every .wasm-vfs, .wasm-vfs~, …)

import { RESERVED_NAME } from './layout.ts'

const RESERVED = new RegExp(`^${RESERVED_NAME.replaceAll('.', '\\.')}~*$`)

/** The name in OPFS of what the program calls `name`. */
export function encodeName(name: string): string {
  if (RESERVED.test(name)) return `${name}~`
  if (!name.includes('\\') && !name.includes('5C')) return name
  return name.replaceAll(/%(25)*5C|\\/g, (match) =>
    match === '\\' ? '%5C' : `%25${match.slice(1)}`,
  )
}

/** What the program calls the entry `name` of OPFS; undefined for the store's own. */
export function decodeName(name: string): string | undefined {
  if (name === RESERVED_NAME) return undefined
  if (RESERVED.test(name)) return name.slice(0, -1)
  if (!name.includes('5C')) return name
  return name.replaceAll(/%(25)*5C/g, (match) => (match === '%5C' ? '\\' : `%${match.slice(3)}`))
}

/** Joins a path from the store's directory; the directory itself is ''. */
export function joinPath(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

export function splitPath(path: string): { directory: string; name: string } {
  const slash = path.lastIndexOf('/')
  return { directory: path.slice(0, Math.max(slash, 0)), name: path.slice(slash + 1) }
}

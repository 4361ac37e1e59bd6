// What a conformance case, a requirement and a target are. Cases are data: a sentence about
// behaviour, the capabilities it needs, and a function that throws when a file system falls short.

import type { Capabilities, Vfs } from '../contract/index.ts'

/** A backend under test, supplied by whoever runs the suite. */
export interface ConformanceTarget {
  /** How the run is titled. */
  readonly name: string
  /** What the backend declares; which cases apply depends on nothing else, and one case compares it. */
  readonly capabilities: Capabilities
  /** Opens the store of this name, making an empty one where there is none. */
  open(storeName: string): Promise<Vfs>
  /** Removes a closed store and all it keeps; a store that does not exist is fine. */
  destroy(storeName: string): Promise<void>
}

/** What a case works with; the runner makes it afresh for each and cleans up after it. */
export interface ConformanceContext {
  readonly target: ConformanceTarget
  /** An empty store, opened for this case, or what `reopen` made of it. */
  readonly vfs: Vfs
  readonly storeName: string
  /** Closes `vfs` and opens its store again. */
  reopen(): Promise<Vfs>
  /** Opens the store of `vfs` a second time without closing it, as another program would. */
  openAgain(): Promise<Vfs>
  /** Opens another, empty store. */
  openAnother(): Promise<Vfs>
}

export interface CaseDefinition {
  /** A sentence about behaviour; unique within its requirement. */
  readonly name: string
  /** Capabilities without which the case says nothing. */
  readonly needs?: Partial<Capabilities>
  /** The longest it may take, in milliseconds, and its clean-up as long again; default: CASE_DEADLINE_MS. */
  readonly deadlineMs?: number
  run(context: ConformanceContext): void | Promise<void>
}

export interface ConformanceCase extends CaseDefinition {
  readonly requirement: string
}

export interface Requirement {
  readonly name: string
  readonly cases: readonly ConformanceCase[]
}

export function requirement(name: string, definitions: readonly CaseDefinition[]): Requirement {
  const names = new Set<string>()
  for (const definition of definitions) {
    if (names.has(definition.name)) throw new TypeError(`Two cases named '${definition.name}'`)
    names.add(definition.name)
  }
  return { name, cases: definitions.map((definition) => ({ ...definition, requirement: name })) }
}

/** Why a case does not apply to a target, e.g. `'persistent is false'`; undefined where it does. */
export function gateOf(
  { needs = {} }: ConformanceCase,
  capabilities: Capabilities,
): string | undefined {
  const lacking = (Object.keys(needs) as (keyof Capabilities)[]).filter(
    (key) => needs[key] !== capabilities[key],
  )
  if (lacking.length === 0) return undefined
  return lacking.map((key) => `${key} is ${capabilities[key]}`).join(', ')
}

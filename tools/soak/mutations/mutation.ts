// What a mutation is: see list.ts.

export interface Edit {
  readonly file: string
  readonly from: string
  readonly to: string
}

export interface Mutation {
  readonly rule: number
  /** What the broken store does. */
  readonly what: string
  readonly edits: readonly Edit[]
  /** The test file that notices, and which of its tests (a long name in quotes is cut at 40 characters). */
  readonly test: string
  readonly named?: string
}

export function edit(file: string, from: string, to: string): Edit {
  return { file, from, to }
}

// What a mutation is: see list.ts.

export interface Edit {
  readonly file: string
  readonly from: string
  readonly to: string
}

/** A project of vitest.config.ts. */
export type TestProject = 'node' | 'chromium' | 'firefox' | 'e2e'

export interface Mutation {
  /** Of docs/durability.md. */
  readonly rule: number
  /** What the broken store does. */
  readonly what: string
  readonly edits: readonly Edit[]
  /** The test file that notices, and which of its tests (a long name in quotes is cut at 40 characters). */
  readonly test: string
  readonly named?: string
  /** Where that file runs; default node. */
  readonly project?: TestProject
}

export function edit(file: string, from: string, to: string): Edit {
  return { file, from, to }
}

/** Whose suite has to notice it: `core`, or the backend that the test file belongs to. */
export function suiteOf({ test }: Mutation): string {
  const suite = /^packages\/vfs-([^/]+)\//.exec(test)?.[1]
  if (suite === undefined) throw new Error(`${test} is in no package`)
  return suite
}

/** The sources with the break in them. Throws if a piece to be replaced does not occur exactly once. */
export function mutated(
  { edits }: Mutation,
  read: (file: string) => string,
): ReadonlyMap<string, string> {
  const texts = new Map<string, string>()
  for (const { file, from, to } of edits) {
    const text = texts.get(file) ?? read(file)
    const count = text.split(from).length - 1
    if (count !== 1) throw new Error(`${file} has '${from.trim()}' ${count} times, not once`)
    texts.set(
      file,
      text.replace(from, () => to),
    )
  }
  return texts
}

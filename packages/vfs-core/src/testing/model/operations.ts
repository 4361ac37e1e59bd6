// What a model run does: operations as plain data, so that fast-check shrinks and prints them. They
// name what they act on by its rank among what exists at that moment, so that most of them hit
// something whatever was removed before them.

import * as fc from 'fast-check'

/** A rank, taken modulo the number of candidates. */
type Rank = number

/** A name in a directory: chosen freely, or one that exists. */
export type Place = { readonly directory: Rank; readonly name: string } | { readonly entry: Rank }

/** An inode: of any kind, or of one that the operation is likely to be about. */
export type Choice =
  | { readonly node: Rank }
  | { readonly file: Rank }
  | { readonly symlink: Rank }
  | { readonly held: Rank }

/** A byte position: from the start, or (negative or positive) from the end of the file. */
export type Position = { readonly start: number } | { readonly end: number }

export type Operation =
  | { readonly do: 'lookup'; readonly place: Place }
  | { readonly do: 'mkdir'; readonly place: Place; readonly mode: number }
  | { readonly do: 'create'; readonly place: Place; readonly mode: number }
  | { readonly do: 'symlink'; readonly place: Place; readonly target: string }
  | { readonly do: 'readlink'; readonly on: Choice }
  | { readonly do: 'link'; readonly on: Choice; readonly place: Place }
  | { readonly do: 'unlink'; readonly place: Place }
  | { readonly do: 'rmdir'; readonly place: Place }
  | { readonly do: 'rename'; readonly place: Place; readonly to: Place }
  | { readonly do: 'readdir'; readonly on: Choice }
  | { readonly do: 'read'; readonly on: Choice; readonly at: Position; readonly length: number }
  | {
      readonly do: 'write'
      readonly on: Choice
      readonly at: Position
      readonly length: number
      /** 0 writes zeros. */
      readonly seed: number
    }
  | { readonly do: 'truncate'; readonly on: Choice; readonly size: Position }
  | {
      readonly do: 'setattr'
      readonly on: Choice
      readonly mode?: number | undefined
      readonly size?: Position | undefined
      readonly mtime?: number | undefined
      readonly ctime?: number | undefined
    }
  | { readonly do: 'acquire'; readonly on: Choice }
  | { readonly do: 'release'; readonly on: Choice }
  | { readonly do: 'fsync'; readonly on: Choice; readonly dataOnly: boolean }
  | { readonly do: 'sync'; readonly housekeepingOnly: boolean }
  | { readonly do: 'remount' }

export type OperationKind = Operation['do']

/** Few, so that names meet; the last is as long as a name can be. */
const NAMES = ['a', 'b', 'c', 'd', 'n\u00e4me', '__proto__', '\u20ac'.repeat(85)]

const BAD_NAMES = ['', '.', '..', 'a/b', 'nul\0', '\ud800', 'x'.repeat(256), '\u20ac'.repeat(86)]

const TARGETS = ['a', '../b', '/', 'nowhere', 't'.repeat(4096), 't'.repeat(4097), '']

/** Times far from now, so that a time that should have moved and did not is seen. */
const TIMES = [0, 1, 1_000_000, 1_600_000_000_123]

/** On, just below and just above the sizes at which stores change their mind. */
const EDGES = [512, 4096, 8192, 16_384, 65_536, 131_072].flatMap((size) => [
  size - 1,
  size,
  size + 1,
])

/** Mostly small: what exists is ranked newest first, and faults show where operations meet. */
const rank = fc.oneof(
  { weight: 3, arbitrary: fc.nat({ max: 2 }) },
  { weight: 2, arbitrary: fc.nat({ max: 30 }) },
)

const name = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: fc.constantFrom(...BAD_NAMES) },
)

const newPlace: fc.Arbitrary<Place> = fc.record({ directory: rank, name })
const oldPlace: fc.Arbitrary<Place> = fc.record({ entry: rank })
const place = fc.oneof({ weight: 3, arbitrary: newPlace }, { weight: 1, arbitrary: oldPlace })
const likelyTaken = fc.oneof({ weight: 1, arbitrary: newPlace }, { weight: 6, arbitrary: oldPlace })

const anyNode: fc.Arbitrary<Choice> = fc.record({ node: rank })
const anyFile: fc.Arbitrary<Choice> = fc.record({ file: rank })
const mostly = (likely: fc.Arbitrary<Choice>): fc.Arbitrary<Choice> =>
  fc.oneof({ weight: 9, arbitrary: likely }, { weight: 1, arbitrary: anyNode })
const file = mostly(anyFile)
const fileOrNode = fc.oneof(anyFile, anyNode)
const symlink = mostly(fc.record({ symlink: rank }))
const held = mostly(fc.record({ held: rank }))

const bytes = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 300 }) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 20_000 }) },
  { weight: 2, arbitrary: fc.constantFrom(...EDGES) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 200_000 }) },
)

const position: fc.Arbitrary<Position> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ start: bytes }) },
  { weight: 4, arbitrary: fc.record({ end: fc.integer({ min: -9000, max: 9000 }) }) },
  { weight: 3, arbitrary: fc.constant({ end: 0 }) },
  { weight: 1, arbitrary: fc.constantFrom({ start: -1 }, { start: 0.5 }, { start: Number.NaN }) },
)

const mode = fc.constantFrom(0o644, 0o755, 0, 0o7777, 0o40600, 0o100600)
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })

function of<K extends OperationKind>(
  kind: K,
  fields: { [F in keyof Omit<Extract<Operation, { do: K }>, 'do'>]-?: fc.Arbitrary<unknown> },
): fc.Arbitrary<Operation> {
  return fc.record({ do: fc.constant(kind), ...fields }) as unknown as fc.Arbitrary<Operation>
}

const operations: readonly {
  readonly weight: number
  readonly arbitrary: fc.Arbitrary<Operation>
}[] = [
  { weight: 8, arbitrary: of('create', { place, mode }) },
  { weight: 5, arbitrary: of('mkdir', { place, mode }) },
  { weight: 2, arbitrary: of('symlink', { place, target: fc.constantFrom(...TARGETS) }) },
  { weight: 4, arbitrary: of('link', { on: file, place }) },
  { weight: 6, arbitrary: of('unlink', { place: likelyTaken }) },
  { weight: 3, arbitrary: of('rmdir', { place: likelyTaken }) },
  { weight: 8, arbitrary: of('rename', { place: likelyTaken, to: place }) },
  { weight: 1, arbitrary: of('lookup', { place: likelyTaken }) },
  { weight: 1, arbitrary: of('readlink', { on: symlink }) },
  { weight: 1, arbitrary: of('readdir', { on: anyNode }) },
  { weight: 3, arbitrary: of('read', { on: file, at: position, length: bytes }) },
  {
    weight: 14,
    arbitrary: of('write', {
      on: file,
      at: position,
      length: bytes,
      seed: fc.nat({ max: 9 }),
    }),
  },
  { weight: 6, arbitrary: of('truncate', { on: file, size: position }) },
  {
    weight: 4,
    arbitrary: of('setattr', {
      on: fileOrNode,
      mode: maybe(mode),
      size: maybe(position),
      mtime: maybe(fc.constantFrom(...TIMES)),
      ctime: maybe(fc.constantFrom(...TIMES)),
    }),
  },
  { weight: 5, arbitrary: of('acquire', { on: fileOrNode }) },
  { weight: 4, arbitrary: of('release', { on: held }) },
  { weight: 4, arbitrary: of('fsync', { on: fileOrNode, dataOnly: fc.boolean() }) },
  { weight: 3, arbitrary: of('sync', { housekeepingOnly: fc.boolean() }) },
]

const remount = { weight: 3, arbitrary: of('remount', {}) }

/** Sequences of up to `maxLength` operations; with remounts where the target is persistent. */
export function operationSequences(
  maxLength: number,
  persistent: boolean,
): fc.Arbitrary<Operation[]> {
  const each = fc.oneof(...operations, ...(persistent ? [remount] : []))
  return fc.array(each, { minLength: 1, maxLength, size: 'max' })
}

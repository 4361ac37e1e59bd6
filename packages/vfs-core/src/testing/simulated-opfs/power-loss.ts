// What a power cut may leave of a simulated disk.
//
// Of what was flushed, everything. Of the rest, for each sector any value it has had since the last
// flush, for each file any size it has had, for each name any file it has led to since it settled:
// all of it independently, because the browser, the kernel and the disk write in the order they like.
// A sector is never mixed. A file whose name is lost is gone; one whose removal is lost is back.
//
// A state is a selection: one option for each choice, 0 being the oldest. So it can be enumerated,
// drawn at random, written down and made again.

import { clip, type Content } from './content.ts'
import type { DirectoryImage, FileImage, NodeImage } from './disk.ts'
import type { SeededRandom } from './random.ts'
import { SectorTable, type Sector } from './sector-table.ts'

export interface PowerLossOptions {
  /** The time of the cut and how long a name takes to be safe, in milliseconds. */
  readonly now: number
  readonly settlingMs: number
}

interface FileChoices {
  readonly size: Choice<number>
  readonly sectors: readonly (readonly [index: number, choice: Choice<Sector | undefined>])[]
}

interface Choice<Option> {
  /** Where in a selection. */
  readonly at: number
  readonly options: readonly Option[]
}

export class PowerLoss {
  /** How many options each choice has; a selection picks one index below each. */
  readonly counts: readonly number[]
  /** Ranges of choices that belong to one file or directory, as [from, to). */
  readonly groups: readonly (readonly [from: number, to: number])[]
  readonly #root: DirectoryImage
  readonly #counts: number[] = []
  readonly #files = new Map<FileImage, FileChoices>()
  readonly #names = new Map<DirectoryImage, Map<string, Choice<NodeImage | undefined>>>()

  constructor(image: DirectoryImage, options: PowerLossOptions) {
    this.#root = image
    const groups: (readonly [number, number])[] = []
    const add = (node: NodeImage): void => {
      if (node.kind === 'file' ? this.#files.has(node) : this.#names.has(node)) return
      const from = this.#counts.length
      if (node.kind === 'file') this.#files.set(node, this.#fileChoices(node))
      else this.#names.set(node, this.#nameChoices(node, options))
      if (this.#counts.length > from) groups.push([from, this.#counts.length])
      if (node.kind === 'file') return
      for (const { options } of this.#names.get(node)!.values()) {
        for (const child of options) if (child !== undefined) add(child)
      }
    }
    add(image)
    this.counts = this.#counts
    this.groups = groups
  }

  /** How many selections there are; Infinity beyond what a number can count. */
  get total(): number {
    return this.counts.reduce((product, count) => product * count, 1)
  }

  /** The disk after the cut: all of it on storage, nothing pending. */
  state(selection: readonly number[]): DirectoryImage {
    const made = new Map<NodeImage, NodeImage>()
    const placed = new Set<NodeImage>()
    const stateOf = (node: NodeImage): NodeImage => {
      let state = made.get(node)
      if (state === undefined) {
        state =
          node.kind === 'file'
            ? { ...node, base: this.#content(node, selection), changes: [] }
            : {
                kind: 'directory',
                base: this.#entries(node, selection, placed, stateOf),
                events: [],
              }
        made.set(node, state)
      }
      return state
    }
    return stateOf(this.#root) as DirectoryImage
  }

  #fileChoices(file: FileImage): FileChoices {
    const sizes = [file.base.size]
    const sectors = new Map<number, (Sector | undefined)[]>()
    for (const change of file.changes) {
      if (!sizes.includes(change.size)) sizes.push(change.size)
      for (const [index, sector] of change.sectors) {
        const versions = sectors.get(index)
        if (versions === undefined) sectors.set(index, [file.base.sectors.get(index), sector])
        else versions.push(sector)
      }
    }
    // The present size comes last, as the present version of a sector does.
    const last = file.changes.at(-1)?.size
    if (last !== undefined) sizes.push(...sizes.splice(sizes.indexOf(last), 1))
    const size = this.#choice(sizes)
    const choices: [number, Choice<Sector | undefined>][] = []
    for (const [index, versions] of sectors) choices.push([index, this.#choice(versions)])
    return { size, sectors: choices }
  }

  #nameChoices(
    directory: DirectoryImage,
    { now, settlingMs }: PowerLossOptions,
  ): Map<string, Choice<NodeImage | undefined>> {
    const versions = new Map<string, (NodeImage | undefined)[]>()
    for (const [name, node] of directory.base) versions.set(name, [node])
    for (const { time, name, node } of directory.events) {
      if (time + settlingMs <= now) versions.set(name, [node])
      else versions.set(name, [...(versions.get(name) ?? [undefined]), node])
    }
    const choices = new Map<string, Choice<NodeImage | undefined>>()
    for (const [name, options] of versions) choices.set(name, this.#choice(options))
    return choices
  }

  #choice<Option>(options: readonly Option[]): Choice<Option> {
    if (options.length === 1) return { at: -1, options }
    return { at: this.#counts.push(options.length) - 1, options }
  }

  #content(file: FileImage, selection: readonly number[]): Content {
    if (file.changes.length === 0) return file.base
    const { size, sectors } = this.#files.get(file)!
    const chosen = SectorTable.of(file.base.sectors)
    for (const [index, choice] of sectors) chosen.set(index, chosenOption(choice, selection))
    return clip(chosenOption(size, selection), chosen)
  }

  #entries(
    directory: DirectoryImage,
    selection: readonly number[],
    placed: Set<NodeImage>,
    stateOf: (node: NodeImage) => NodeImage,
  ): Map<string, NodeImage> {
    const entries = new Map<string, NodeImage>()
    for (const [name, choice] of this.#names.get(directory)!) {
      const node = chosenOption(choice, selection)
      // A moved file is under its old name, under its new one, or gone; never under both.
      if (node === undefined || placed.has(node)) continue
      placed.add(node)
      entries.set(name, stateOf(node))
    }
    return entries
  }
}

function chosenOption<Option>(
  { at, options }: Choice<Option>,
  selection: readonly number[],
): Option {
  return options[at === -1 ? 0 : selection[at]!]!
}

/**
 * Selections to try: all of them if they are at most `exhaustiveMax`, otherwise `samples` of them, the
 * telling ones first (nothing more than was flushed, everything, all of one file and nothing of the
 * others, one choice against the rest), then random ones. They may repeat.
 */
export function* selections(
  loss: PowerLoss,
  limits: { readonly exhaustiveMax: number; readonly samples: number },
  random: SeededRandom,
): Generator<number[]> {
  const { counts } = loss
  if (loss.total <= limits.exhaustiveMax) {
    yield* every(counts)
    return
  }
  let left = limits.samples
  for (const selection of telling(loss, random)) {
    if (left-- <= 0) return
    yield selection
  }
}

function* every(counts: readonly number[]): Generator<number[]> {
  const selection = counts.map(() => 0)
  for (;;) {
    yield [...selection]
    let at = 0
    while (at < counts.length && ++selection[at]! === counts[at]) selection[at++] = 0
    if (at === counts.length) return
  }
}

function* telling(loss: PowerLoss, random: SeededRandom): Generator<number[]> {
  const { counts, groups } = loss
  const oldest = (): number[] => counts.map(() => 0)
  const newest = (): number[] => counts.map((count) => count - 1)
  const mix = (newness: number): number[] =>
    counts.map((count) => {
      if (count > 2 && random.chance(0.3)) return random.below(count)
      return random.chance(newness) ? count - 1 : 0
    })
  const only = (from: number, to: number): number[] =>
    newest().map((option, at) => (at >= from && at < to ? option : 0))
  const allBut = (from: number, to: number): number[] =>
    newest().map((option, at) => (at >= from && at < to ? 0 : option))
  yield oldest()
  yield newest()
  for (let round = 0; ; round++) {
    const [from, to] = groups[round < groups.length ? round : random.below(groups.length)]!
    if (round < groups.length && groups.length > 1) {
      yield only(from, to)
      yield allBut(from, to)
    }
    // Neighbouring sectors are often those of one write.
    const start = from + random.below(to - from)
    const end = start + 1 + random.below(to - start)
    yield only(start, end)
    yield allBut(start, end)
    yield allBut(start, start + 1)
    yield mix(random.pick([0.1, 0.5, 0.9]))
    const torn = mix(0.5)
    yield newest().map((option, at) => (at >= from && at < to ? torn[at]! : option))
  }
}

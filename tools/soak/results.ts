// What the soak runs have found so far: one JSON file, to which every run adds, so that a long proof can
// be made in pieces and broken off at any time. Only whole rounds and whole seeds are in it.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { KINDS } from '../../packages/vfs-core/src/testing/crash/kinds.ts'
import type { End, KillOutcome, KillTarget } from './kills/rounds.ts'

const VERSION = 4
/** Of the crash states of a backend, for each kind of work. */
const SHARE_MIN = 0.03

export interface KillTally {
  /** Sessions ended, by how. */
  readonly ends: Record<End, number>
  /** The same by where: the phase, and inside the call under test the call into storage that was next. */
  readonly places: Record<string, number>
  commits: number
  /** After how many of these ends amcheck went through every index and table, not only through the rows. */
  checks: number
  /** Ends by what was tried: a digest of the sources of core and backend. */
  readonly sources: Record<string, number>
  readonly failures: {
    readonly end: End
    readonly place: string
    readonly problems: readonly string[]
  }[]
}

export interface CrashTally {
  /** Distinct crash states; those of different runs may be the same. */
  states: number
  openings: number
  /** States by the kinds of work that they come from; one may be of several. */
  readonly kinds: Record<string, number>
  /** The seed that the next run begins with. */
  nextSeed: number
  /** States by what was tried: a digest of the sources of core and backend. */
  readonly sources: Record<string, number>
  readonly failures: string[]
}

export interface ResultsData {
  version: typeof VERSION
  /** By browser and its version, backend, durability and program. */
  kills: Record<string, KillTally>
  /** By backend. */
  crashes: Record<string, CrashTally>
}

export class Results {
  readonly file: string
  readonly data: ResultsData

  /** Goes on with what is in the file; with `fresh`, or if there is none, begins anew. */
  constructor(file: string, { fresh }: { readonly fresh: boolean }) {
    this.file = file
    this.data = (fresh ? undefined : read(file)) ?? { version: VERSION, kills: {}, crashes: {} }
  }

  addKill(browser: string, sources: string, outcome: KillOutcome): void {
    const { end, phase, call, commits, checked, problems } = outcome
    const tally = this.kills(browser, outcome)
    const place = call === '' ? phase : `${phase}, ${call}`
    tally.ends[end]++
    tally.places[place] = (tally.places[place] ?? 0) + 1
    tally.commits += commits
    if (checked) tally.checks++
    tally.sources[sources] = (tally.sources[sources] ?? 0) + 1
    if (problems.length > 0) tally.failures.push({ end, place, problems })
  }

  kills(browser: string, { backend, durability, program = 'pglite' }: KillTarget): KillTally {
    return (this.data.kills[`${browser} ${backend} ${durability} ${program}`] ??= {
      ends: { worker: 0, tab: 0, browser: 0 },
      places: {},
      commits: 0,
      checks: 0,
      sources: {},
      failures: [],
    })
  }

  crashes(backend: string): CrashTally {
    return (this.data.crashes[backend] ??= {
      states: 0,
      openings: 0,
      kinds: {},
      nextSeed: 1,
      sources: {},
      failures: [],
    })
  }

  get failures(): number {
    const tallies = [...Object.values(this.data.kills), ...Object.values(this.data.crashes)]
    return tallies.reduce((sum, { failures }) => sum + failures.length, 0)
  }

  /** Written whole and then renamed, so that a run that is broken off leaves the last whole file. */
  save(): void {
    mkdirSync(dirname(this.file), { recursive: true })
    const fresh = `${this.file}.new`
    writeFileSync(fresh, `${JSON.stringify(this.data, undefined, 2)}\n`)
    renameSync(fresh, this.file)
  }

  /** One line for each row of the summary. */
  summary(): string {
    const lines: string[][] = []
    const kills = Object.entries(this.data.kills).sort(([a], [b]) => (a < b ? -1 : 1))
    for (const [name, { ends, places, commits, checks, failures }] of kills) {
      const all = ends.browser + ends.tab + ends.worker
      lines.push([
        name,
        `${ends.browser} browsers killed`,
        `${ends.tab} tabs closed`,
        `${ends.worker} workers terminated`,
        `${inside(places)} of ${all} inside`,
        `${commits} changes acknowledged`,
        `${checks} times amcheck`,
        `${failures.length} failures`,
      ])
    }
    for (const [name, { states, openings, failures }] of Object.entries(this.data.crashes)) {
      lines.push([
        name,
        `${states} crash states`,
        `${openings} openings`,
        '',
        '',
        '',
        '',
        `${failures.length} failures`,
      ])
    }
    return [table(lines), ...this.#shares()].join('\n')
  }

  /** What share of each backend's crash states each kind of work has; of each there should be enough. */
  #shares(): string[] {
    return Object.entries(this.data.crashes)
      .filter(([, { kinds, states }]) => states > 0 && Object.keys(kinds).length > 0)
      .map(([name, { kinds, states }]) => {
        const shares = KINDS.map((kind) => {
          const share = (kinds[kind] ?? 0) / states
          return `${kind} ${(100 * share).toFixed(1)} %${share < SHARE_MIN ? ' (too few)' : ''}`
        })
        return `${name}, of the crash states: ${shares.join(', ')}`
      })
  }
}

function inside(places: KillTally['places']): number {
  const counts = Object.entries(places).filter(([place]) => place.startsWith('inside'))
  return counts.reduce((sum, [, count]) => sum + count, 0)
}

function read(file: string): ResultsData | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  const data = JSON.parse(text) as ResultsData
  if (data.version === VERSION) return data
  throw new Error(`${file} was written by another version of this program; begin anew with --fresh`)
}

/** Columns as wide as their widest cell, numbers in front aligned by it. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  }
  return rows
    .map((row) =>
      row
        .map((cell, at) => pad(cell, widths[at]!, at))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function pad(cell: string, width: number, at: number): string {
  return at === 0 ? cell.padEnd(width) : cell.padStart(width)
}

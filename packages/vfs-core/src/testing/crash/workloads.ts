// The workloads: systematic short ones in the manner of ACE (Mohan et al., OSDI 2018: bugs of crash
// consistency show in one to three operations with a sync between), and patterns that drive the parts
// of a store that short ones do not reach.

import type { SeededRandom } from '../simulated-opfs/index.ts'
import type { Operation, Workload } from './operations.ts'

/** What ACE combines; they fit the `small` disk. */
const CORE: readonly Operation[] = [
  ['create', '/x'],
  ['write', '/a', 0, 4096],
  ['write', '/a', 1000, 700],
  ['append', '/a', 500],
  ['append', '/a', 9000],
  ['append', '/b', 3000],
  ['write', '/b', 9000, 600],
  ['write', '/d/c', 4096, 8192],
  ['zeros', '/a', 0, 4096],
  ['zeros', '/b', 1024, 9000],
  ['truncate', '/a', 0],
  ['truncate', '/a', 1000],
  ['truncate', '/a', 20_000],
  ['truncate', '/d/c', 5000],
  ['rename', '/a', '/b'],
  ['rename', '/b', '/d/c'],
  ['rename', '/a', '/d/e'],
  ['rename', '/d', '/e'],
  ['link', '/a', '/d/l'],
  ['unlink', '/a'],
  ['unlink', '/b'],
  ['unlink', '/d/c'],
  ['mkdir', '/d/f'],
  ['chmod', '/a', 0o600],
  ['utimes', '/a', 1000, 2000],
  ['symlink', '/d/s', 40],
]

const SYNCS: readonly Operation[] = [
  ['fsync', '/a'],
  ['fsync', '/b'],
  ['fsync', '/d/c'],
  ['fsync', '/'],
  ['fsync', '/d'],
  ['sync'],
]

/** Every sequence of one core operation and one sync, then as many of two as there are. */
export function* aceInOrder(): Generator<Workload> {
  for (const first of CORE) for (const sync of SYNCS) yield [first, sync]
  for (const first of CORE) {
    for (const second of CORE) for (const sync of SYNCS) yield [first, second, sync]
  }
}

/** Sequences of two or three core operations, each followed by a sync or not, and a sync at the end. */
export function aceAtRandom(random: SeededRandom): Workload {
  const workload: Operation[] = []
  for (let left = 2 + random.below(2); left > 0; left--) {
    workload.push(random.pick(CORE))
    if (random.chance(0.5)) workload.push(random.pick(SYNCS))
  }
  workload.push(random.pick(SYNCS))
  if (random.chance(0.5)) workload.push(random.pick(CORE), random.pick(SYNCS))
  return workload
}

/** Files of HEAVY_BYTES on the `heavy` disk, with one more behind them that stays. */
export const HEAVY_FILES: readonly string[] = ['/r0', '/r1', '/r2']
export const HEAVY_BYTES = 600_000

const PATHS = ['/a', '/b', '/d/c', '/x', '/y', '/d/z'] as const
const SIZES = [1, 500, 512, 4096, 5000, 8192, 20_000, 70_000] as const

const MODES = [0o400, 0o600, 0o644, 0o755, 0o7777] as const
/** Around the time after which an idle program's changes are handed down, in milliseconds. */
const IDLE_MS = [60, 90, 100, 110, 150] as const

/** Longer ones of everything there is. */
export function mixed(random: SeededRandom, length: number): Workload {
  const path = (): string => random.pick(PATHS)
  const size = (): number => random.pick(SIZES)
  const makers: readonly (() => Operation)[] = [
    () => ['create', path()],
    () => ['create', path()],
    () => ['write', path(), random.below(3) * 4096, size()],
    () => ['write', path(), random.below(9000), size()],
    () => ['append', path(), size()],
    () => ['append', path(), size()],
    () => ['zeros', path(), random.below(3) * 4096, size()],
    () => ['truncate', path(), random.pick([0, 0, 100, ...SIZES])],
    () => ['rename', path(), path()],
    () => ['link', path(), path()],
    () => ['unlink', path()],
    () => ['unlink', path()],
    () => ['hold', path()],
    () => ['letgo'],
    () => ['fsync', path()],
    () => ['fsync', path()],
    () => ['fsync', path()],
    () => ['fsync', random.pick(['/', '/d'])],
    () => ['sync'],
    () => ['wait', 600],
    () => ['wait', random.pick(IDLE_MS)],
    () => ['busy', 600],
    () => ['read', path(), random.below(3) * 4096, size()],
    () => ['read', path(), random.below(9000), size()],
    () => ['read', path(), 0, 100_000],
    () => ['chmod', path(), random.pick(MODES)],
    () => ['utimes', path(), random.below(1_000_000), random.below(1_000_000)],
    () => ['symlink', path(), 30 + random.below(300)],
    () => ['mkdir', path()],
    () => ['rmdir', path()],
  ]
  return Array.from({ length }, () => random.pick(makers)())
}

/**
 * A log and the table it protects, as a database writes them: a page is appended to the log, then
 * fsynced, and pages of the table go down whenever.
 */
export function writeAhead(random: SeededRandom, log: string, table: string): Workload {
  const workload: Operation[] = []
  let at = 0
  for (let commit = 0; commit < 6; commit++) {
    workload.push(['write', log, at, 8192])
    if (random.chance(0.3)) workload.push(['write', table, random.below(6) * 8192, 8192])
    workload.push(['fsync', log])
    // The page it ends in is written again by the next commit, half of the time.
    if (random.chance(0.5)) at += 8192
    if (random.chance(0.4)) workload.push(['write', table, random.below(6) * 8192, 8192])
    if (random.chance(0.2)) workload.push(['fsync', table])
    if (random.chance(0.15)) workload.push(['wait', 600])
    if (random.chance(0.15)) workload.push(['busy', 600])
    if (random.chance(0.2)) at = 0
    if (random.chance(0.1)) workload.push(['create', `/f${commit}`], ['fsync', `/f${commit}`])
  }
  return workload
}

/** Enough long facts for an image of the tree to be due, then small commits around it. */
export function checkpoints(random: SeededRandom): Workload {
  const names = Array.from({ length: 58 + random.below(8) }, (_, index) => `/s${index}`)
  // An image of several lines, half of the time.
  const many = Array.from({ length: random.chance(0.5) ? 300 : 0 }, (_, index) => `/many${index}`)
  const workload: Operation[] = [
    ...many.map((name): Operation => ['mkdir', name]),
    ...names.map((name): Operation => ['symlink', name, 4000]),
    ['fsync', '/'],
    ...names.map((name): Operation => ['unlink', name]),
    ['append', '/a', 3000],
    ['fsync', '/a'],
  ]
  for (let commit = 0; commit < 10; commit++) {
    if (random.chance(0.5)) workload.push(['append', '/b', 700], ['fsync', '/b'])
    else workload.push(['create', `/c${commit}`], ['symlink', `/l${commit}`, 4000], ['fsync', '/'])
    if (random.chance(0.2)) workload.push(['unlink', '/d/c'])
    if (random.chance(0.1)) workload.push(['sync'])
  }
  return workload
}

/** Files that outgrow their slots and leave them to others, up to pool files of their own. */
export function moves(random: SeededRandom): Workload {
  const workload: Operation[] = []
  const names = ['/m', '/n', '/o']
  for (const name of names) workload.push(['create', name])
  for (let round = 0; round < 8; round++) {
    const name = random.pick(names)
    workload.push(['append', name, random.pick([3000, 9000, 40_000])])
    if (random.chance(0.2)) workload.push(['truncate', name, random.pick([0, 100, 5000])])
    if (random.chance(0.15)) workload.push(['unlink', name], ['create', name])
    if (random.chance(0.1)) workload.push(['write', name, 1_048_576, 4096])
    if (random.chance(0.5)) workload.push(['fsync', random.pick([...names, '/'])])
    if (random.chance(0.2)) workload.push(['sync'])
  }
  return [...workload, ['sync']]
}

/** Space that is freed and taken again by others. */
export function reuse(random: SeededRandom): Workload {
  const workload: Operation[] = []
  for (let round = 0; round < 5; round++) {
    const name = `/r${round % 2}`
    workload.push(['create', name], ['write', name, 0, random.pick([4096, 12_000, 300_000])])
    if (random.chance(0.6)) workload.push(['fsync', name])
    if (random.chance(0.3)) workload.push(['truncate', name, 100])
    if (random.chance(0.3)) workload.push(['write', '/wide', 1_200_000, 2000])
    if (random.chance(0.3)) workload.push(['create', '/wide'], ['truncate', '/wide', 1_300_000])
    if (random.chance(0.5)) workload.push(['unlink', name], ['unlink', '/wide'])
    if (random.chance(0.5)) workload.push(random.pick<Operation>([['sync'], ['fsync', '/']]))
    workload.push(['create', `/t${round}`], ['truncate', `/t${round}`, 10_000])
    if (random.chance(0.5)) workload.push(['fsync', `/t${round}`])
  }
  return workload
}

/** On the `heavy` disk: more is freed than a store leaves lying about, and taken by files that only grow. */
export function freedAndGrown(random: SeededRandom): Workload {
  const settle: readonly Operation[] = [['sync'], ['housekeeping'], ['fsync', '/']]
  const workload = HEAVY_FILES.map((name): Operation =>
    random.chance(0.7) ? ['unlink', name] : ['truncate', name, 0],
  )
  // A close commits what is pending and may clean at once.
  if (random.chance(0.3)) return [...workload, ['close']]
  if (random.chance(0.7)) workload.push(['fsync', '/'])
  workload.push(random.pick(settle))
  if (random.chance(0.5)) workload.push(random.pick(settle))
  for (const name of ['/t0', '/t1']) {
    workload.push(['create', name], ['truncate', name, random.pick([10_000, 700_000])])
    workload.push(
      random.pick<Operation>([
        ['fsync', '/'],
        ['fsync', name],
      ]),
    )
  }
  return workload
}

/** Files that shrink and grow again where they are, with the new sizes committed on their own. */
export function shrunkAndGrown(random: SeededRandom): Workload {
  const workload: Operation[] = []
  for (let round = 0; round < 3; round++) {
    const [name, most] = random.pick([
      ['/a', 8192],
      ['/d/c', 32_768],
    ] as const)
    workload.push(['truncate', name, 100 + random.below(3000)])
    if (random.chance(0.8)) workload.push(['fsync', name])
    if (random.chance(0.3)) workload.push(['append', name, 2000])
    else if (random.chance(0.5)) workload.push(['truncate', name, most - random.below(1000)])
    else workload.push(['write', name, most - 1000, 600])
    if (random.chance(0.7)) workload.push(['create', `/k${round}`], ['fsync', '/'])
    if (random.chance(0.3)) workload.push(['fsync', name])
  }
  return workload
}

/** A new version of a file takes the name of the old one, with the syncs that are needed or without. */
export function replaced(random: SeededRandom): Workload {
  const workload: Operation[] = []
  for (let round = 0; round < 3; round++) {
    const [from, to] = random.pick([
      ['/n', '/a'],
      ['/b', '/a'],
      ['/n', '/d/c'],
      ['/a', '/d/c'],
    ] as const)
    if (from === '/n') workload.push(['create', from])
    workload.push(['append', from, random.pick([300, 5000, 30_000])])
    if (random.chance(0.3)) workload.push(['write', from, 0, 2000])
    if (random.chance(0.3)) workload.push(['fsync', from])
    workload.push(['rename', from, to])
    if (random.chance(0.8)) workload.push(['fsync', random.pick(['/', '/d'])])
  }
  return workload
}

/** More large files than there are spare pool files whose names have settled. */
export function largeFiles(random: SeededRandom): Workload {
  const workload: Operation[] = []
  for (let file = 0; file < 7; file++) {
    const name = `/w${file}`
    workload.push(['create', name], ['truncate', name, 1_100_000])
    workload.push(['write', name, random.below(100) * 8192, 8192])
    if (random.chance(0.7)) workload.push(['fsync', name])
    if (random.chance(0.2)) workload.push(['unlink', `/w${random.below(file + 1)}`])
    if (random.chance(0.4)) workload.push(['sync'])
    if (random.chance(0.3)) {
      workload.push(['unlink', `/w${random.below(file + 1)}`], ['fsync', '/'], ['housekeeping'])
    }
    if (random.chance(0.1)) workload.push(['wait', 61_000])
  }
  return workload
}

/** After a crash: files are cut or removed without a sync, and the store is closed. */
export function cutAndClosed(random: SeededRandom): Workload {
  const workload: Operation[] = []
  for (let left = 1 + random.below(3); left > 0; left--) {
    const path = random.pick(PATHS)
    workload.push(
      random.pick<Operation>([
        ['truncate', path, random.below(3000)],
        ['truncate', path, random.below(3000)],
        ['unlink', path],
        ['append', path, 600],
      ]),
    )
  }
  if (random.chance(0.2)) workload.push(['fsync', '/'])
  return [...workload, ['close']]
}

/** A strict store that becomes a relaxed one. */
export function lowered(random: SeededRandom): Workload {
  const before = mixed(random, 2 + random.below(6))
  const after = random.chance(0.5)
    ? writeAhead(random, '/a', '/d/c')
    : mixed(random, 6 + random.below(10))
  return [...before, ['relax'], ...after]
}

/** A program's first load: many files, then one sync. */
export function firstLoad(random: SeededRandom): Workload {
  const workload: Operation[] = [['mkdir', '/base']]
  for (let file = 0; file < 6; file++) {
    const path = `/base/${file}`
    workload.push(['create', path], ['write', path, 0, random.pick([10, 4096, 20_000, 300_000])])
  }
  workload.push(['sync'], ['append', '/base/1', 5000], ['fsync', '/base/1'])
  return workload
}

/** A program that asks for an atomic first load, and may try it twice. */
export function atomicFirstLoad(random: SeededRandom): Workload {
  const half = firstLoad(random).slice(0, 3 + random.below(6))
  const again: Workload = random.chance(0.3)
    ? [...half, ['wait', 150], ['close'], ['open'], ['unlink', '/base/0'], ['sync']]
    : []
  return [['load'], ...again, ...firstLoad(random)]
}

/** Programs that commit by a name: a journal removed or emptied, a new file renamed over the old one. */
export function committedByNames(random: SeededRandom): Workload {
  const workload: Operation[] = []
  const journal = '/d/journal'
  for (let commit = 0; commit < 4; commit++) {
    switch (random.below(4)) {
      case 0:
        workload.push(['create', journal], ['write', journal, 0, random.pick([512, 5000])])
        if (random.chance(0.7)) workload.push(['fsync', journal])
        workload.push(['write', '/a', random.below(3) * 4096, 4096])
        if (random.chance(0.7)) workload.push(['fsync', '/a'])
        workload.push(['unlink', journal])
        break
      case 1:
        workload.push(['create', journal], ['write', journal, 0, 3000])
        if (random.chance(0.5)) workload.push(['fsync', journal])
        workload.push(['write', '/a', random.below(3) * 4096, 700], ['truncate', journal, 0])
        if (random.chance(0.5)) workload.push(['fsync', '/a'])
        break
      case 2:
        workload.push(['create', '/new'], ['append', '/new', random.pick([300, 6000, 40_000])])
        if (random.chance(0.5)) workload.push(['fsync', '/new'])
        if (random.chance(0.3)) workload.push(['chmod', '/new', random.pick(MODES)])
        workload.push(['rename', '/new', random.pick(['/a', '/b', '/d/c', '/d/z'])])
        break
      default:
        workload.push(['append', '/b', random.pick([600, 9000])])
        workload.push(['link', '/b', `/l${commit}`])
        if (random.chance(0.5)) workload.push(['unlink', '/b'], ['rename', `/l${commit}`, '/b'])
    }
    if (random.chance(0.3)) workload.push(['read', random.pick(['/a', '/b']), 0, 50_000])
    if (random.chance(0.2)) workload.push(['wait', random.pick(IDLE_MS)])
  }
  return workload
}

/** A program that syncs nothing: it is idle, or never is for seconds. */
export function neverSynced(random: SeededRandom): Workload {
  const workload: Operation[] = []
  for (let round = 0; round < 4; round++) {
    workload.push(...mixed(random, 3).filter(([kind]) => kind !== 'fsync' && kind !== 'sync'))
    workload.push(['append', random.pick(['/a', '/d/c']), random.pick([100, 5000, 20_000])])
    if (random.chance(0.3)) workload.push(['create', `/k${round}`], ['append', `/k${round}`, 900])
    if (random.chance(0.7)) workload.push(['wait', random.pick(IDLE_MS)])
    else workload.push(['busy', random.pick([2600, 5000, 5100])], ['read', '/b', 0, 10])
  }
  return workload
}

/** Closed and opened again in the middle, at once or after a while; power may fail within the minute. */
export function reopened(random: SeededRandom): Workload {
  const workload: Operation[] = []
  for (let session = 0; session < 3; session++) {
    workload.push(...mixed(random, 2 + random.below(5)))
    if (random.chance(0.4))
      workload.push(['create', `/k${session}`], ['append', `/k${session}`, 2000])
    workload.push(['close'])
    if (random.chance(0.5)) workload.push(['wait', random.pick([100, 5000, 61_000])])
    workload.push(['open'], ['read', random.pick(PATHS), 0, 100_000])
  }
  return [...workload, ['close'], ['wait', random.pick([5000, 30_000])]]
}

/** The system's clock is set forward and back by a minute and more, between all else. */
export function clockJumps(random: SeededRandom): Workload {
  const jump = (): Operation => ['clock', random.pick([-3_600_000, -61_000, 61_000, 3_600_000])]
  const workload: Operation[] = [jump()]
  for (let round = 0; round < 3; round++) {
    const name = `/w${round}`
    workload.push(...mixed(random, 3))
    if (random.chance(0.5)) workload.push(['create', name], ['truncate', name, 1_100_000])
    workload.push(random.pick<Operation>([['sync'], ['fsync', '/'], ['fsync', '/a']]), jump())
    if (random.chance(0.3)) workload.push(['close'], ['open'])
  }
  return [...workload, ['append', '/a', 700], ['fsync', '/a']]
}

/** A new store that grows for nine minutes: it has settled when its own first files are a minute old. */
export function growingStore(random: SeededRandom): Workload {
  const workload: Operation[] = []
  for (let file = 0; file < 54; file++) {
    const name = `/w${file}`
    workload.push(['create', name], ['truncate', name, 1_100_000], ['write', name, 0, 8192])
    workload.push(['fsync', name], ['sync'], ['wait', 10_000 + random.below(100)])
  }
  return workload
}

/** Files that fill what little space there is, are removed and take it again. */
export function shortOfSpace(random: SeededRandom): Workload {
  const workload: Operation[] = []
  for (let round = 0; round < 5; round++) {
    const name = random.pick(['/x', '/y', '/a', '/d/c'])
    workload.push(['create', name], ['append', name, random.pick([3000, 30_000, 200_000])])
    if (random.chance(0.3)) workload.push(['truncate', name, random.pick([0, 100, 900_000])])
    if (random.chance(0.6)) workload.push(['fsync', random.pick([name, '/'])])
    if (random.chance(0.4)) workload.push(['unlink', random.pick(['/x', '/y', '/a'])])
    if (random.chance(0.3)) workload.push(['sync'])
    if (random.chance(0.3)) workload.push(['read', name, 0, 300_000])
    if (random.chance(0.2)) workload.push(['wait', random.pick(IDLE_MS)])
  }
  return workload
}

/** What is said of inodes besides their bytes: modes, times, what symlinks lead to, also through renames. */
export function attributes(random: SeededRandom): Workload {
  const workload: Operation[] = []
  for (let round = 0; round < 5; round++) {
    const path = random.pick([...PATHS, '/d', '/'] as const)
    workload.push(
      random.pick<Operation>([
        ['chmod', path, random.pick(MODES)],
        ['utimes', path, random.below(1_000_000), random.below(1_000_000)],
        ['symlink', `/s${round}`, 20 + random.below(200)],
        ['append', path, 300],
        ['rename', `/s${round - 1}`, '/d/s'],
        ['mkdir', `/n${round}`],
      ]),
    )
    if (random.chance(0.5)) workload.push(['fsync', path])
    if (random.chance(0.2)) workload.push(['sync'])
    if (random.chance(0.2)) workload.push(['wait', random.pick(IDLE_MS)])
  }
  return workload
}

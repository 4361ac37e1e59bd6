// Workloads about names, which this store has to put in OPFS one at a time.

import type { Operation, Workload } from '@wasm-vfs/core/testing/crash'
import type { SeededRandom } from '@wasm-vfs/core/testing/simulated-opfs'

const SYNCS: readonly Operation[] = [['sync'], ['fsync', '/'], ['fsync', '/a']]

/** Names that are given away and taken within one batch: swaps, chains, a new file in an old place. */
export function swaps(random: SeededRandom): Workload {
  const workload: Operation[] = []
  for (let round = 0; round < 2; round++) {
    const shapes: readonly Workload[] = [
      [
        ['rename', '/a', '/t'],
        ['rename', '/b', '/a'],
        ['rename', '/t', '/b'],
      ],
      [
        ['rename', '/d/c', '/t'],
        ['rename', '/a', '/d/c'],
        ['rename', '/b', '/a'],
      ],
      [
        ['rename', '/a', '/old'],
        ['create', '/a'],
        ['append', '/a', 3000],
      ],
      [
        ['hold', '/a'],
        ['unlink', '/a'],
        ['rename', '/b', '/a'],
      ],
      [
        ['unlink', '/a'],
        ['mkdir', '/a'],
        ['create', '/a/x'],
        ['append', '/a/x', 900],
      ],
      [
        ['rename', '/d/c', '/t'],
        ['rmdir', '/d'],
        ['rename', '/t', '/d'],
      ],
      [
        ['create', '/n'],
        ['append', '/n', 5000],
        ['rename', '/n', '/a'],
      ],
      [['letgo']],
    ]
    workload.push(...random.pick(shapes))
    if (random.chance(0.5)) workload.push(...random.pick(shapes))
    if (random.chance(0.8)) workload.push(random.pick(SYNCS))
    if (random.chance(0.3)) workload.push(['write', '/a', 100, 2000])
  }
  return [...workload, ['sync']]
}

/** Directories with files and directories in them, moved, swapped and replaced. */
export function directories(random: SeededRandom): Workload {
  const workload: Operation[] = [
    ['mkdir', '/d/e'],
    ['create', '/d/e/f'],
    ['append', '/d/e/f', 1500],
    ['mkdir', '/g'],
  ]
  if (random.chance(0.7)) workload.push(['sync'])
  const steps: readonly Workload[] = [
    [['rename', '/d', '/h']],
    [['rename', '/h', '/d']],
    [['rename', '/d', '/g']],
    [['rename', '/d/e', '/g/e']],
    [['rename', '/g', '/d/g']],
    [
      ['rename', '/d', '/t'],
      ['rename', '/g', '/d'],
      ['rename', '/t', '/g'],
    ],
    [['append', '/d/c', 700]],
    [
      ['create', '/d/new'],
      ['append', '/d/new', 600],
    ],
    [
      ['hold', '/d/c'],
      ['unlink', '/d/c'],
    ],
  ]
  for (let round = 0; round < 3; round++) {
    workload.push(...random.pick(steps))
    if (random.chance(0.6)) workload.push(random.pick([['sync'], ['fsync', '/']] as const))
  }
  return [...workload, ['sync']]
}

/** Files with bytes in OPFS that are cut, grow again and are written here and there, with few syncs. */
export function cuts(random: SeededRandom): Workload {
  const workload: Operation[] = []
  for (let round = 0; round < 8; round++) {
    const path = random.pick(['/a', '/d/c'])
    workload.push(
      random.pick<Operation>([
        ['truncate', path, random.below(3) * 3000],
        ['truncate', path, 9000 + random.below(12_000)],
        ['write', path, random.below(20_000), 600],
        ['append', path, 500],
      ]),
    )
    if (random.chance(0.5)) workload.push(random.pick([['sync'], ['fsync', path]] as const))
  }
  return workload
}

/** New files that are fsynced while they are small, then written over or made large, before they land. */
export function outgrown(random: SeededRandom): Workload {
  const workload: Operation[] = []
  const paths = ['/m', '/n', '/d/o'] as const
  for (const path of paths) {
    workload.push(['create', path], ['append', path, 3000 + random.below(3000)])
    if (random.chance(0.6)) workload.push(['fsync', path])
  }
  for (let round = 0; round < 6; round++) {
    const path = random.pick(paths)
    if (random.chance(0.3)) workload.push(['append', path, 12_000])
    else workload.push(['write', path, random.below(2000), 1000])
    if (random.chance(0.7)) workload.push(['fsync', random.pick([path, path, '/', '/d'])])
  }
  return workload
}

/** Removals of files that are there, that are new, that are held, and whose name another takes. */
export function removals(random: SeededRandom): Workload {
  const workload: Operation[] = []
  const steps: readonly Workload[] = [
    [['unlink', '/a']],
    [
      ['unlink', '/d/c'],
      ['rmdir', '/d'],
    ],
    [['hold', '/b'], ['unlink', '/b'], ['letgo']],
    [
      ['create', '/n'],
      ['append', '/n', 2000],
      ['fsync', '/n'],
      ['unlink', '/n'],
    ],
    [['truncate', '/a', 0]],
    [
      ['append', '/b', 5000],
      ['fsync', '/b'],
      ['unlink', '/b'],
    ],
    [
      ['unlink', '/a'],
      ['create', '/a'],
      ['append', '/a', 700],
    ],
    [['rename', '/a', '/d/c']],
  ]
  for (let round = 0; round < 5; round++) {
    workload.push(...random.pick(steps))
    if (random.chance(0.3)) workload.push(random.pick(SYNCS))
  }
  return workload
}

const PAUSES_MS = [60, 120, 400, 1500, 61_000] as const

/** The program reads what it has written, is idle for a while, or closes the store and opens it again. */
export function interrupted(workload: Workload, random: SeededRandom): Workload {
  const written = workload.flatMap((operation): string[] =>
    isOfFile(operation) ? [operation[1]] : [],
  )
  return workload.flatMap((operation): Workload => {
    const more: Operation[] = []
    if (written.length > 0 && random.chance(0.15)) {
      more.push(['read', random.pick(written), random.below(3) * 4096, 6000])
    }
    if (random.chance(0.06)) more.push(['wait', random.pick(PAUSES_MS)])
    if (random.chance(0.02)) more.push(['close'], ['open'])
    return [operation, ...more]
  })
}

function isOfFile(operation: Operation): operation is readonly ['append', string, number] {
  return ['write', 'append', 'create', 'truncate'].includes(operation[0])
}

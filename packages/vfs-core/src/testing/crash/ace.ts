// Systematic workloads in the manner of ACE (Mohan et al., OSDI 2018: bugs of crash consistency show in
// one to three operations with a sync between): every sequence of up to three operations over two names
// in two directories, each followed by a sync or not, and the last by one. For the `folders` disk.

import type { SeededRandom } from '../simulated-opfs/index.ts'
import type { Operation, Workload } from './operations.ts'

const PATHS = ['/A/foo', '/A/bar', '/B/foo', '/B/bar'] as const

const OPERATIONS: readonly Operation[] = PATHS.flatMap((path): Operation[] => [
  ['create', path],
  ['append', path, 4500],
  ['write', path, 1000, 3000],
  ['truncate', path, 2500],
  ['unlink', path],
  ...PATHS.filter((other) => other !== path).map((other): Operation => ['rename', path, other]),
])

/** What may follow an operation: a sync of what it was about, of its directory, or of everything. */
const SYNCS = [fileSync, directorySync, (): Operation => ['sync']] as const

function fileSync([, path, to]: Operation): Operation {
  return ['fsync', String(typeof to === 'string' ? to : path)]
}

function directorySync(operation: Operation): Operation {
  const path = String(fileSync(operation)[1])
  return ['fsync', path.slice(0, path.lastIndexOf('/'))]
}

/** How many sequences of so many operations there are. */
export function aceCount(length: number): number {
  const choices = OPERATIONS.length * SYNCS.length
  return choices * (OPERATIONS.length * (SYNCS.length + 1)) ** (length - 1)
}

/** The sequence of that number, below `aceCount(length)`. */
export function aceSequence(length: number, number: number): Workload {
  const workload: Operation[] = []
  let rest = number
  const take = (count: number): number => {
    const digit = rest % count
    rest = Math.floor(rest / count)
    return digit
  }
  for (let left = length; left > 0; left--) {
    const operation = OPERATIONS[take(OPERATIONS.length)]!
    workload.push(operation)
    const sync = SYNCS[take(left === 1 ? SYNCS.length : SYNCS.length + 1)]
    if (sync !== undefined) workload.push(sync(operation))
  }
  return workload
}

/**
 * All sequences of one operation, then those of two and of three in turn: each of them once, in a
 * random order. It ends when there are no more (1.6 million).
 */
export function* aceUpToThree(random: SeededRandom): Generator<Workload> {
  for (let number = 0; number < aceCount(1); number++) yield aceSequence(1, number)
  const longer = [shuffled(2, random), shuffled(3, random)]
  for (let turn = 0; longer.length > 0; turn++) {
    const at = turn % longer.length
    const { value, done } = longer[at]!.next()
    if (done === true) longer.splice(at, 1)
    else yield value
  }
}

/** Steps that share no factor with the count reach every number. */
function* shuffled(length: number, random: SeededRandom): Generator<Workload, undefined> {
  const count = aceCount(length)
  const start = random.below(count)
  let step = 1 + random.below(count - 1)
  while (greatestCommonDivisor(step, count) !== 1) step++
  for (let turn = 0; turn < count; turn++) {
    yield aceSequence(length, (start + turn * step) % count)
  }
  return undefined
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

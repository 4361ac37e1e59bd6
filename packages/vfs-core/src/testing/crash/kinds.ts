// What kinds of work a crash state comes from: of each kind there has to be enough among the states that are
// tried, or what is said of their number means little.

import type { Operation } from './operations.ts'
import type { Scenario } from './scenario.ts'

export const KINDS = [
  'close',
  'reopen',
  'rename and unlink',
  'small',
  'large',
  'relaxed',
  'scarce space',
  'minimum handles',
  'idle',
  'reads',
] as const

export type Kind = (typeof KINDS)[number]

/** Files from this size on have a pool file of their own where there is one, in bytes. */
const LARGE = 1_048_576

export function kindsOf({ options, steps }: Scenario, handlesMin: number): Set<Kind> {
  const kinds = new Set<Kind>()
  if (options.level === 'relaxed') kinds.add('relaxed')
  if (options.space !== undefined) kinds.add('scarce space')
  if (options.maxHandles === handlesMin) kinds.add('minimum handles')
  if (steps.length > 2) kinds.add('reopen')
  let isLarge = false
  for (const { workload } of steps) {
    for (const operation of workload) {
      const kind = kindOf(operation)
      if (kind !== undefined) kinds.add(kind)
      isLarge ||= sizeReached(operation) >= LARGE
    }
  }
  kinds.add(isLarge ? 'large' : 'small')
  return kinds
}

function kindOf([kind]: Operation): Kind | undefined {
  switch (kind) {
    case 'close':
      return 'close'
    case 'open':
      return 'reopen'
    case 'rename':
    case 'unlink':
    case 'rmdir':
      return 'rename and unlink'
    case 'relax':
      return 'relaxed'
    case 'wait':
      return 'idle'
    case 'read':
      return 'reads'
    default:
      return undefined
  }
}

function sizeReached(operation: Operation): number {
  switch (operation[0]) {
    case 'write':
    case 'zeros':
      return operation[2] + operation[3]
    case 'append':
    case 'truncate':
      return operation[2]
    default:
      return 0
  }
}

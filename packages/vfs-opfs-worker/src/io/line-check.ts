// Whether a line of the sidecar log says what a store can have written. A checksum tells a torn line from a
// whole one; it does not tell that what wrote the line was right. Called by an open, for each line before any
// counts; facts are checked where they are decoded, and the tree when all lines are read.

import { VfsError } from '@wasm-vfs/core/backend'
import { RESERVED_NAME, STAGING_PATH } from './layout.ts'
import type { SidecarLine } from './sidecar.ts'

type Check = (value: unknown) => boolean

const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0
const isIno: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 1
const isTrue: Check = (value) => value === true
const isTime: Check = (value) => Number.isFinite(value)
const isKind: Check = (value) => value === 'file' || value === 'directory'

function isPath(value: unknown): boolean {
  if (typeof value !== 'string') return false
  const parts = value.split('/')
  if (parts.some((part) => part === '' || part === '.' || part === '..')) return false
  return parts[0] !== RESERVED_NAME || value.startsWith(`${STAGING_PATH}/`)
}

const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every((each) => check(each))

/** The last of the fields may be left out. */
const tupleOf =
  (fields: readonly Check[], least: number = fields.length): Check =>
  (value) =>
    Array.isArray(value) &&
    value.length >= least &&
    value.length <= fields.length &&
    value.every((each, index) => fields[index]!(each))

const CHECKS: Readonly<Record<keyof SidecarLine, Check>> = {
  facts: Array.isArray,
  at: isCount,
  frames: isCount,
  voided: listOf(isIno),
  intent: listOf(isPath),
  since: isTime,
  undone: isTrue,
  made: listOf(isIno),
  staged: isTrue,
  done: isTrue,
  turn: isIno,
  dirty: listOf(isIno),
  born: listOf(tupleOf([isIno, isCount])),
  moved: listOf(tupleOf([isIno, isPath, isCount])),
  vacated: listOf(tupleOf([isPath, isCount])),
  left: isTime,
  unmade: listOf(isIno),
  away: listOf(tupleOf([isIno, isKind, isPath], 2)),
  voids: listOf(tupleOf([isIno, isCount])),
  hot: listOf(isIno),
  suspectSizes: isTrue,
}

/** Throws EIO that says which line, and what of it. */
export function checkLine(line: SidecarLine, seq: number): void {
  if (line.voided !== undefined && line.frames === undefined)
    throw wrong(seq, 'voided', line.voided)
  for (const [key, check] of Object.entries(CHECKS)) {
    const value = line[key as keyof SidecarLine]
    if (value === undefined || check(value)) continue
    throw wrong(seq, key, value)
  }
}

function wrong(seq: number, key: string, value: unknown): VfsError {
  const said = JSON.stringify(value)?.slice(0, 80)
  return new VfsError('EIO', 'open', {
    detail: `line ${seq} of the log says what no store has written: '${key}' is ${said}`,
  })
}

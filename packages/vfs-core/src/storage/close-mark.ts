// The mark of a clean close. A log in two slots is closed by a last line, a flush, and then by one line in the
// slot that is not in use, which says where the log in the other slot ended. Without that, a log whose end has
// been cut away looks like one whose last append was torn by a crash, and its rest would be taken for the
// whole.
//
// A mark is true for good: the log that it is about is only appended to, until an image of a newer generation
// takes the mark's own place. So nobody has to remove a mark, and no crash can leave one that the log does not
// bear out: the log was on storage before the mark was written. Used by TwoSlotLog.

import { VfsError } from '../contract/index.ts'
import { decodeFirstLine, encodeLine, isCount, type LogFormat } from './chained-lines.ts'

/** The log of `generation` reached at least to line `seq`, which ends at `end` with the checksum `chain`. */
export interface CloseMark {
  readonly generation: number
  readonly seq: number
  readonly end: number
  readonly chain: number
}

export function encodeMark(mark: CloseMark, { format, version }: LogFormat): Uint8Array {
  const [bytes] = encodeLine({ format, version, closed: mark }, 0)
  return bytes
}

/**
 * The mark that a slot holds; undefined if it holds something else, or a mark that was torn. Throws EIO for one
 * with a right checksum that says nothing.
 */
export function readMark(
  bytes: Uint8Array,
  path: string,
  { format, version }: LogFormat,
): CloseMark | undefined {
  const line = decodeFirstLine(bytes) as (LogFormat & { closed?: Partial<CloseMark> }) | undefined
  if (line?.closed === undefined || line.format !== format || line.version !== version) {
    return undefined
  }
  const { generation, seq, end, chain } = line.closed
  if (!isCount(generation) || !isCount(seq) || !isCount(end) || !isCount(chain)) {
    throw new VfsError('EIO', 'open', { path, detail: 'the mark of a clean close is damaged' })
  }
  return { generation, seq, end, chain }
}

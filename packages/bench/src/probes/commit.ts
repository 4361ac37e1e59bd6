// Raw writes of as many bytes as a commit was seen to write: the floor of that commit, by which its bar
// is drawn. Called by run.ts, which asks for them once sizes are known, and by the verdict.

import type { Durability } from '@wasm-vfs/core'
import type { Probe } from './probe.ts'
import { opfsWrite } from './opfs.ts'

const KIB = 1_024
const SIZED = /^opfs-write-(\d{1,4})k(-flush)?$/

/**
 * The probe for a commit that writes so many bytes: flushed for a strict one. Sizes are rounded to
 * 1 KiB, which costs less than a tenth of a microsecond, so that alike commits share a probe.
 */
export function commitProbe(bytes: number, durability: Durability): string {
  const kib = Math.max(1, Math.round(bytes / KIB))
  return `opfs-write-${kib}k${durability === 'strict' ? '-flush' : ''}`
}

/** What a probe of a raw write writes; undefined for the name of any other. */
export function rawWriteOf(name: string): { bytes: number; flush: boolean } | undefined {
  const [match, kib, flush] = SIZED.exec(name) ?? []
  return match === undefined ? undefined : { bytes: Number(kib) * KIB, flush: flush !== undefined }
}

/** The probe of a name that `commitProbe` made; undefined for any other name. */
export function sizedProbe(name: string): Probe | undefined {
  const write = rawWriteOf(name)
  return write === undefined ? undefined : opfsWrite(name, write.bytes, write.flush)
}

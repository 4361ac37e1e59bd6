// The probes, in the order in which they are printed.

import { atomicsRoundTrip } from './atomics.ts'
import { idbPutRelaxed, idbPutStrict } from './indexeddb.ts'
import { opfsOpen, opfsRead, opfsWrite, opfsWriteFlush } from './opfs.ts'
import type { Probe } from './probe.ts'

export const PROBES: readonly Probe[] = [
  opfsOpen,
  opfsRead,
  opfsWrite,
  opfsWriteFlush,
  idbPutStrict,
  idbPutRelaxed,
  atomicsRoundTrip,
]

export function probeNamed(name: string): Probe {
  const probe = PROBES.find((candidate) => candidate.name === name)
  if (probe === undefined) throw new TypeError(`no probe is named ${name}`)
  return probe
}

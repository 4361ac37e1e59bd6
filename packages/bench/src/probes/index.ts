// The probes of every run, in the order in which they are printed. A run adds those that its workloads
// name, and those of the sizes that its commits turn out to have.

import { atomicsRoundTrip } from './atomics.ts'
import { FILE_PROBES } from './file.ts'
import { idbPuts } from './indexeddb.ts'
import { sizedProbe } from './commit.ts'
import { opfsFreshWrites, opfsOpen, opfsRead, opfsWrites } from './opfs.ts'
import type { Probe } from './probe.ts'

export const PROBES: readonly Probe[] = [
  opfsOpen,
  opfsRead,
  ...opfsWrites,
  ...opfsFreshWrites,
  ...idbPuts,
  atomicsRoundTrip,
]

export function probeNamed(name: string): Probe {
  const probe =
    [...PROBES, ...FILE_PROBES].find((candidate) => candidate.name === name) ?? sizedProbe(name)
  if (probe === undefined) throw new TypeError(`no probe is named ${name}`)
  return probe
}

// What is known of the machine that a run was made on, for people.

import type { Environment } from '../schema.ts'

const UNKNOWN = 'unknown'

export function machineOf({ cores, cpu, memoryGiB, os, fileSystem, node }: Environment): string {
  const parts = [
    cpu === UNKNOWN ? `${cores} processor cores` : `${cores} × ${cpu}`,
    ...(memoryGiB === undefined ? [] : [`${memoryGiB} GiB`]),
    os,
    ...(fileSystem === UNKNOWN ? [] : [`profile on ${fileSystem}`]),
    ...(node === undefined ? ['in a browser that somebody was using'] : []),
  ]
  return parts.join(', ')
}

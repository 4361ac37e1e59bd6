// Raw access handles doing what the file-level workloads do, for the bars that hold one against the
// other. Run only beside the workloads that name them.

import { BLOCK_BYTES, shuffled } from '../workloads/file-content.ts'
import { onNewFile } from './opfs.ts'
import type { Probe } from './probe.ts'

const MIB = 1_024 * 1_024
const CHUNK_BYTES = 256 * 1_024
const SEQUENTIAL_BYTES = 16 * MIB
const COLD_BYTES = 8_192
const COLD_FILE_BYTES = 64 * MIB

export const COLD_READ_PROBE = 'opfs-read-8k-cold'
export const SEQUENTIAL_WRITE_PROBES = [
  'opfs-sequential-256k',
  'opfs-sequential-256k-flush',
] as const

const sequentialWrites = SEQUENTIAL_WRITE_PROBES.map((name): Probe => {
  const flush = name.endsWith('-flush')
  return {
    name,
    summary: `write 16 MiB into a new file through a sync access handle, 256 KiB at a time${flush ? ', and flush it' : ''}`,
    unit: 'us',
    needs: ['opfs'],
    batch: 1,
    async setUp() {
      let file = await onNewFile()
      const content = new Uint8Array(CHUNK_BYTES).fill(0x5a)
      return {
        async between() {
          await file.remove()
          file = await onNewFile()
        },
        operation() {
          for (let at = 0; at < SEQUENTIAL_BYTES; at += CHUNK_BYTES) {
            // As the workload does: some bytes differ from chunk to chunk.
            for (let block = 0; block < CHUNK_BYTES; block += BLOCK_BYTES) content[block] = at
            file.handle.write(content, { at })
          }
          if (flush) file.handle.flush()
        },
        tearDown: () => file.remove(),
      }
    },
  }
})

const coldRead: Probe = {
  name: COLD_READ_PROBE,
  summary: 'read 8 KiB at a random place of 64 MiB through a sync access handle, each place once',
  unit: 'us',
  needs: ['opfs'],
  batch: 64,
  async setUp() {
    const { handle, remove } = await onNewFile()
    const content = new Uint8Array(MIB).fill(0x5a)
    for (let at = 0; at < COLD_FILE_BYTES; at += MIB) handle.write(content, { at })
    handle.flush()
    const page = new Uint8Array(COLD_BYTES)
    const places = shuffled(COLD_FILE_BYTES / COLD_BYTES)
    let turn = 0
    return {
      operation() {
        const place = places[turn++ % places.length] as number
        handle.read(page, { at: place * COLD_BYTES })
      },
      tearDown: remove,
    }
  },
}

/** Beside the workloads that name them. */
export const FILE_PROBES: readonly Probe[] = [coldRead, ...sequentialWrites]

// An empty call to the worker behind a file system, there and back: what each read that waits costs at
// least. To be read beside the probe atomics-round-trip.

import { backendNamed } from '../backends/index.ts'
import { VfsFiles } from '../backends/files.ts'
import type { FileWorkload } from './workload.ts'

const CALLS_PER_SAMPLE = 20

export const workerRoundTrip: FileWorkload = {
  name: 'worker-round-trip',
  summary: 'an empty call to the worker that does the work, and its answer',
  kind: 'files',
  life: 'files',
  set: 'full',
  phase: 'use',
  unit: 'us',
  deadlineMs: 30_000,
  unfit: ({ backend }) =>
    backendNamed(backend).emptyCall === undefined ? 'it has no worker to call' : undefined,
  async run({ column, files }, meter) {
    const { emptyCall } = backendNamed(column.backend)
    if (emptyCall === undefined || !(files instanceof VfsFiles)) {
      throw new TypeError('a file system without a worker')
    }
    const { vfs } = files
    await meter.repeat(
      () => ({
        run() {
          for (let count = 0; count < CALLS_PER_SAMPLE; count++) emptyCall(vfs)
        },
      }),
      CALLS_PER_SAMPLE,
    )
  },
}

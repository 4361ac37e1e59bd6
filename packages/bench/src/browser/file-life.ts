// The life of a store without Postgres: opened, used by one file-level workload after the other, closed.
// Called by worker.ts.

import { backendNamed } from '../backends/index.ts'
import type { LifeTask, TaskEvent } from '../protocol.ts'
import { FileSession } from '../workloads/file-session.ts'
import { workloadNamed } from '../workloads/index.ts'
import type { FileWorkload } from '../workloads/workload.ts'
import { unmet } from './requirements.ts'
import { Steps } from './steps.ts'

export async function runFileLife(task: LifeTask, emit: (event: TaskEvent) => void): Promise<void> {
  const { column, store } = task
  const steps = new Steps(emit)
  const backend = backendNamed(column.backend)
  const missing = await unmet(backend.needs)
  if (missing !== undefined) {
    steps.refuse(missing)
    return
  }
  let session: FileSession | undefined
  const opened = await steps.step('open', async () => {
    const open = await backend.files?.()
    if (open === undefined) throw new TypeError('it has no files of its own')
    session = new FileSession(column, () => open(store, column.durability))
    await session.open()
  })
  if (!opened || session === undefined) return
  for (const workload of task.workloads.map(workloadNamed).filter((each) => isOnFiles(each))) {
    await timeOn(session, workload, steps)
  }
  const opening = session
  await steps.step('close', () => opening.close())
}

async function timeOn(session: FileSession, workload: FileWorkload, steps: Steps): Promise<void> {
  await steps.time(
    workload,
    () => session.files.stats?.() ?? {},
    (meter) => workload.run(session, meter),
  )
}

function isOnFiles(workload: { readonly kind: string }): workload is FileWorkload {
  return workload.kind === 'files'
}

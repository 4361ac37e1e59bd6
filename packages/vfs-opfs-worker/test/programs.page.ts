// A page that hands calls of the test on to a worker, and looks into OPFS itself, without this project.

import { TaskWorker } from '@wasm-vfs/core/testing'
import { withIoWorkers } from './io-workers.page.ts'

const DEADLINE_MS = 120_000

const worker = new TaskWorker(() =>
  withIoWorkers(new Worker(new URL('./programs.worker.ts', import.meta.url), { type: 'module' })),
)

declare global {
  var callProgram: (task: string, argument?: unknown) => Promise<unknown>
  /** Sizes and first bytes of a directory's files, by name. */
  var listOpfs: (directory: string) => Promise<Record<string, { size: number; head: string }>>
}

globalThis.callProgram = (task, argument) => worker.call(task, argument, DEADLINE_MS)

globalThis.listOpfs = async (directory) => {
  const root = await navigator.storage.getDirectory()
  const listed: Record<string, { size: number; head: string }> = {}
  for await (const [name, handle] of (await root.getDirectoryHandle(directory)).entries()) {
    if (!(handle instanceof FileSystemFileHandle)) continue
    const file = await handle.getFile()
    listed[name] = { size: file.size, head: await file.slice(0, 12).text() }
  }
  return listed
}

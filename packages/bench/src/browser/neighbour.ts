// Another worker that commits to a database of its own, for workloads/concurrent.ts: started from the
// worker that is measured, and stopped by a message.

import { backendNamed } from '../backends/index.ts'
import type { NeighbourRequest } from '../protocol.ts'
import { commitBeside } from '../workloads/concurrent.ts'

const START_DEADLINE_MS = 60_000
const STOP_DEADLINE_MS = 30_000
const STOP = 'stop'

export interface Neighbour {
  /** Ends it; resolves to how many commits it made. */
  stop(): Promise<number>
}

type Word = { readonly type: 'ready' } | { readonly type: 'stopped'; readonly commits: number }

/** Resolves when it commits. */
export async function startNeighbour(request: NeighbourRequest): Promise<Neighbour> {
  const worker = new Worker(new URL('./store-worker.ts', import.meta.url), { type: 'module' })
  backendNamed(request.column.backend).attend?.(worker)
  const heard = (type: Word['type'], deadlineMs: number): Promise<Word> =>
    new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`the other worker is not ${type}`))
      const timer = setTimeout(late, deadlineMs)
      worker.onmessage = ({ data }: MessageEvent<Word>) => {
        if (data.type !== type) return
        clearTimeout(timer)
        resolve(data)
      }
      worker.onerror = ({ message }) => reject(new Error(`the other worker failed: ${message}`))
    })
  worker.postMessage(request)
  await heard('ready', START_DEADLINE_MS)
  return {
    async stop() {
      worker.postMessage(STOP)
      try {
        const word = await heard('stopped', STOP_DEADLINE_MS)
        return word.type === 'stopped' ? word.commits : 0
      } finally {
        worker.terminate()
      }
    },
  }
}

/** In the other worker. */
export async function runNeighbour(
  { column, store, artifacts }: NeighbourRequest,
  scope: DedicatedWorkerGlobalScope,
): Promise<void> {
  const send = (word: Word): void => scope.postMessage(word)
  const backend = backendNamed(column.backend)
  const opener = await (backend.postgres?.() ?? backend.sqlite?.())
  if (opener === undefined) throw new TypeError('it runs no database')
  const database = await opener(store, column.durability, artifacts)
  let isOver = false
  scope.addEventListener('message', ({ data }) => {
    isOver ||= data === STOP
  })
  send({ type: 'ready' })
  const commits = await commitBeside(database.sql, () => isOver)
  await database.close()
  send({ type: 'stopped', commits })
}

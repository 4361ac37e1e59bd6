// Watches a worker that carries out a request: passes its events on and ends it when it is done, when
// it fails, or when a step misses its deadline, be it in an endless loop. Called by page.ts.

import type { TaskEvent, WorkerDone, WorkerMessage, WorkerRequest } from '../protocol.ts'
import { describe } from './errors.ts'

/** For loading the worker's script, before it names a step and that step's deadline. */
export const START_DEADLINE_MS = 30_000

const ENDED_EARLY: WorkerDone = { type: 'worker-done', left: undefined }

/** Never rejects: what goes wrong is an event, about the step that was under way. */
export function supervise(
  worker: Worker,
  request: WorkerRequest,
  emit: (event: TaskEvent) => void,
): Promise<WorkerDone> {
  return new Promise((resolve) => {
    let step = 'start'
    let timer: ReturnType<typeof setTimeout> | undefined

    const end = (outcome: WorkerDone): void => {
      clearTimeout(timer)
      worker.onmessage = null
      worker.onerror = null
      worker.terminate()
      resolve(outcome)
    }
    const watch = (deadlineMs: number): void => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        const message = `no end after ${deadlineMs / 1_000} s`
        emit({ type: 'failed', name: step, error: { kind: 'timeout', message } })
        end(ENDED_EARLY)
      }, deadlineMs)
    }

    worker.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
      if (data.type === 'worker-done') {
        end(data)
        return
      }
      if (data.type === 'stage') {
        step = data.name
        watch(data.deadlineMs)
      }
      emit(data)
    }
    worker.onerror = (event) => {
      event.preventDefault()
      // A script that cannot be loaded gives an event without any words.
      const reason: unknown = event.error ?? event.message
      const message = describe(reason ?? 'the worker could not be started')
      emit({ type: 'failed', name: step, error: { kind: 'failed', message } })
      end(ENDED_EARLY)
    }
    watch(START_DEADLINE_MS)
    worker.postMessage(request)
  })
}

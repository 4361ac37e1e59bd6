// The worker in which a store lives, or in which the probes run: it does one request, reports each
// step, and is then terminated by the page.

import type { TaskEvent, WorkerMessage, WorkerRequest } from '../protocol.ts'
import { isOnFiles } from '../workloads/index.ts'
import { describe } from './errors.ts'
import { runFileLife } from './file-life.ts'
import { Life } from './life.ts'
import { runNeighbour } from './neighbour.ts'
import { runProbes } from './probes.ts'

declare const self: DedicatedWorkerGlobalScope

let stage = 'start'

function send(message: WorkerMessage): void {
  if (message.type === 'stage') stage = message.name
  self.postMessage(message)
}

const emit = (event: TaskEvent): void => send(event)

// A relaxed sync that PGlite does not await fails here and nowhere else.
self.addEventListener('unhandledrejection', (event) => {
  const message = `not awaited by anyone: ${describe(event.reason)}`
  emit({ type: 'failed', name: stage, error: { kind: 'failed', message } })
})

self.addEventListener('message', (event: MessageEvent<WorkerRequest>) => {
  // A failure that is not a cell's own reaches the page as the worker's error event.
  void handle(event.data).catch((error: unknown) => {
    setTimeout(() => {
      throw error
    })
  })
})

async function handle(request: WorkerRequest): Promise<void> {
  switch (request.kind) {
    case 'life': {
      if (isOnFiles(request.task)) {
        await runFileLife(request.task, emit)
        send({ type: 'worker-done', left: undefined })
        return
      }
      const life = new Life(request, emit)
      send({ type: 'worker-done', left: await life[request.part]() })
      return
    }
    case 'neighbour':
      await runNeighbour(request, self)
      return
    case 'probes':
      await runProbes(request.task.probes, emit)
      send({ type: 'worker-done', left: undefined })
  }
}

// Workers that hang, throw or do not load, in a real browser.

import { expect, test } from 'vitest'
import type { ProbeTask, TaskEvent, WorkerDone, WorkerRequest } from '../protocol.ts'
import { supervise } from './supervise.ts'

const task: ProbeTask = { kind: 'probes', probes: [] }
const LEFT = { expected: [], acknowledged: 7 }
const request: WorkerRequest = { kind: 'probes', task }

async function run(script: string): Promise<{ outcome: WorkerDone; events: TaskEvent[] }> {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
  const events: TaskEvent[] = []
  const outcome = await supervise(new Worker(url), request, (event) => events.push(event))
  URL.revokeObjectURL(url)
  return { outcome, events }
}

function stageFor(deadlineMs: number): string {
  return `postMessage({ type: 'stage', name: 'pg-insert-1k', deadlineMs: ${deadlineMs} })`
}

const stage = stageFor(300)

test('a worker that does its work is heard to the end', async () => {
  const { outcome, events } = await run(`onmessage = ({ data }) => {
    ${stage}
    postMessage({ type: 'measured', name: data.kind, samples: [1] })
    postMessage({ type: 'worker-done', left: ${JSON.stringify(LEFT)} })
  }`)
  expect(outcome).toEqual({ type: 'worker-done', left: LEFT })
  expect(events.map(({ type }) => type)).toEqual(['stage', 'measured'])
  expect(events[1]).toMatchObject({ name: 'probes', samples: [1] })
})

test('a worker in an endless loop is ended at the deadline of its step', async () => {
  const start = performance.now()
  const { outcome, events } = await run(`onmessage = () => { ${stage}; for (;;); }`)
  expect(performance.now() - start).toBeGreaterThanOrEqual(299)
  expect(outcome.left).toBeUndefined()
  expect(events.at(-1)).toEqual({
    type: 'failed',
    name: 'pg-insert-1k',
    error: { kind: 'timeout', message: 'no end after 0.3 s' },
  })
})

test('a worker blocked in Atomics.wait is ended too', async () => {
  const { events } = await run(`onmessage = () => {
    ${stage}
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  }`)
  expect(events.at(-1)).toMatchObject({ type: 'failed', error: { kind: 'timeout' } })
})

test('each step begins a new deadline', async () => {
  const { outcome, events } = await run(`onmessage = async () => {
    for (let turn = 0; turn < 3; turn++) {
      ${stageFor(1_000)}
      await new Promise((resolve) => setTimeout(resolve, 400))
    }
    postMessage({ type: 'worker-done', left: ${JSON.stringify(LEFT)} })
  }`)
  expect(outcome.left).toEqual(LEFT)
  expect(events).toHaveLength(3)
})

test('an error that nobody caught is a failure of the step under way', async () => {
  const { outcome, events } = await run(`onmessage = () => { ${stage}; throw new Error('broken') }`)
  expect(outcome.left).toBeUndefined()
  expect(events.at(-1)).toMatchObject({ type: 'failed', name: 'pg-insert-1k' })
  expect(JSON.stringify(events.at(-1))).toContain('broken')
})

test('a script that does not load is a failure of the start', async () => {
  const events: TaskEvent[] = []
  const worker = new Worker('/there-is-no-such-script.js', { type: 'module' })
  const outcome = await supervise(worker, request, (event) => events.push(event))
  expect(outcome.left).toBeUndefined()
  expect(events).toMatchObject([{ type: 'failed', name: 'start', error: { kind: 'failed' } }])
})

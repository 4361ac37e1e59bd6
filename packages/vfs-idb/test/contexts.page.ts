// The page of contexts.e2e.test.ts: makes a round trip in each context, one after another, and tells.

import { roundTrip } from './contexts.ts'

const WORKER = new URL('./contexts.worker.ts', import.meta.url)

function ask(
  name: string,
  post: (message: unknown, transfer: Transferable[]) => void,
): Promise<string> {
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<string>) => resolve(data)
    post({ name, port: port2 }, [port2])
  })
}

async function inDedicatedWorker(): Promise<string> {
  const worker = new Worker(WORKER, { type: 'module' })
  return await ask('in a dedicated worker', (message, transfer) =>
    worker.postMessage(message, transfer),
  )
}

async function inSharedWorker(): Promise<string> {
  const { port } = new SharedWorker(WORKER, { type: 'module' })
  return await ask('in a shared worker', (message, transfer) => port.postMessage(message, transfer))
}

async function inServiceWorker(): Promise<string> {
  await navigator.serviceWorker.register(WORKER, { type: 'module' })
  const { active } = await navigator.serviceWorker.ready
  return await ask('in a service worker', (message, transfer) =>
    active!.postMessage(message, transfer),
  )
}

const answers: Record<string, string> = {}
const contexts = {
  window: () => roundTrip('in a window'),
  'dedicated worker': inDedicatedWorker,
  'shared worker': inSharedWorker,
  'service worker': inServiceWorker,
}
for (const [context, run] of Object.entries(contexts)) {
  const late = new Promise<string>((resolve) => setTimeout(() => resolve('no answer'), 20_000))
  answers[context] = await Promise.race([run().catch(String), late])
}
await fetch('/answers', { method: 'POST', body: JSON.stringify(answers) })

// Where the programs of the tests get their I/O workers from: in Firefox from the page (io-workers.page.ts),
// because a worker that makes workers may hang there (see ../src/client/supply.ts); elsewhere they are made
// as they are by default.

export const needsSupply: boolean = navigator.userAgent.includes('Firefox')

/** The name of a worker whose program is supplied in any browser. */
export const SUPPLIED = 'supplied'

const isSupplied = needsSupply || (globalThis as { name?: string }).name === SUPPLIED

export type SupplyMessage =
  | { readonly type: 'supply'; readonly id: number; readonly script: string | undefined }
  | { readonly type: 'end'; readonly id: number }

interface Supplied {
  readonly id: number
  readonly port: MessagePort
}

/** An option of `openOpfsWorker`. */
export interface IoWorkerOption {
  readonly worker?: Worker | MessagePort | URL
}

/** One whose end a test can bring about. */
export interface MortalIoWorker {
  readonly worker: Worker | MessagePort
  terminate(): void
}

/** The page's first message, so it has to be listened for from the start. */
const supplies = new Promise<MessagePort>((resolve) => {
  globalThis.addEventListener('message', ({ data }: MessageEvent<{ supplies?: MessagePort }>) => {
    if (data.supplies !== undefined) resolve(data.supplies)
  })
})

let lastId = 0

async function supplied(script: URL | undefined): Promise<Supplied> {
  const page = await supplies
  const id = ++lastId
  const answer = new Promise<Supplied>((resolve) => {
    const onMessage = ({ data }: MessageEvent<Supplied>): void => {
      if (data.id !== id) return
      page.removeEventListener('message', onMessage)
      resolve(data)
    }
    page.addEventListener('message', onMessage)
  })
  page.start()
  page.postMessage({ type: 'supply', id, script: script?.href } satisfies SupplyMessage)
  return await answer
}

const ports = new Map<string, Promise<Supplied>>()

/** For any number of stores; of the default script unless another one is given. */
export async function ioWorkers(script?: URL): Promise<IoWorkerOption> {
  if (!isSupplied) return script === undefined ? {} : { worker: script }
  const key = script?.href ?? ''
  const supply = ports.get(key) ?? supplied(script)
  ports.set(key, supply)
  return { worker: (await supply).port }
}

/** For one store. */
export async function mortalIoWorker(script: URL): Promise<MortalIoWorker> {
  if (!isSupplied) {
    const worker = new Worker(script, { type: 'module' })
    return { worker, terminate: () => worker.terminate() }
  }
  const { id, port } = await supplied(script)
  const page = await supplies
  const end: SupplyMessage = { type: 'end', id }
  return { worker: port, terminate: () => page.postMessage(end) }
}

// I/O workers that the page makes for a program in one of its workers. The page calls `supplyIoWorkers`
// and hands the port to the program, which gives it to `openOpfsWorker`; worker-supply.ts then asks here.
//
// It is the better way round: the first worker starts while the program still loads. And Firefox needs it.
// There (153) a worker that makes a worker waits until the page's thread has registered the new one, on a
// condition variable that the new thread waits on, too, and that is notified once: now and then the wrong
// one of the two wakes, and `new Worker` never returns. With a page that does anything else meanwhile that
// was one time in thirty to one in a hundred; a page that makes the worker does not wait for itself.
//
// A worker whose maker dies is ended by the browser, and this one's maker lives on. So the program holds a
// Web Lock as long as it lives, the I/O worker asks for it, and ends itself when it gets it.

import { withDeadline } from '@wasm-vfs/core/backend'
import type { FromWorker, ToWorker } from '../channel/protocol.ts'
import { OwnThread, type IoThread, type IoThreadListener } from './io-thread.ts'

/** To the page: a worker is wanted at the other end of `port`. */
interface WantedMessage {
  readonly type: 'wanted'
  readonly id: number
  readonly port: MessagePort
}

/** To the page: the worker is not wanted any more, whatever it is doing. */
interface EndMessage {
  readonly type: 'end'
  readonly id: number
}

/** From the page. */
interface FailedMessage {
  readonly id: number
  readonly text: string
}

// ---- The page's side.

export interface IoWorkerSupply {
  /** For the program: transfer it to its worker, which passes it on as `openOpfsWorker`'s `worker`. */
  readonly port: MessagePort
  /** Terminates every I/O worker made for the program. */
  close(): void
}

interface Made {
  readonly worker: Worker
  /** Set when the worker has failed. */
  failure: string | undefined
  onFailure: (text: string) => void
}

/** `make` makes a worker whose script calls serveIoStore. */
export function supplyWorkers(make: () => Worker): IoWorkerSupply {
  const { port1, port2 } = new MessageChannel()
  const inUse = new Map<number, Made>()
  let spare: Made | undefined = attended(make)
  port1.onmessage = ({ data }: MessageEvent<WantedMessage | EndMessage>) => {
    if (data.type === 'end') {
      inUse.get(data.id)?.worker.terminate()
      inUse.delete(data.id)
      return
    }
    const { id, port } = data
    const fail = (text: string): void => {
      port1.postMessage({ id, text } satisfies FailedMessage)
    }
    try {
      const made = spare ?? attended(make)
      spare = undefined
      inUse.set(id, made)
      made.onFailure = fail
      if (made.failure !== undefined) fail(made.failure)
      made.worker.postMessage({ type: 'connect', port } satisfies ToWorker, [port])
    } catch (error) {
      fail(String(error))
    }
  }
  return {
    port: port2,
    close() {
      port1.close()
      spare?.worker.terminate()
      for (const { worker } of inUse.values()) worker.terminate()
      inUse.clear()
    },
  }
}

function attended(make: () => Worker): Made {
  const made: Made = { worker: make(), failure: undefined, onFailure: () => {} }
  const failed = (text: string): void => {
    made.failure = text
    made.onFailure(text)
  }
  new OwnThread(made.worker).listen({ failed }, new AbortController().signal)
  return made
}

// ---- The program's side.

let lastId = 0

/** A worker of the page's. */
export class SuppliedThread implements IoThread {
  readonly #supply: MessagePort
  readonly #port: MessagePort
  readonly #id = ++lastId

  constructor(supply: MessagePort) {
    const { port1, port2 } = new MessageChannel()
    this.#supply = supply
    this.#port = port1
    supply.start()
    port1.start()
    const wanted: WantedMessage = { type: 'wanted', id: this.#id, port: port2 }
    supply.postMessage(wanted, [port2])
  }

  post(message: ToWorker): void {
    this.#port.postMessage(message)
  }

  listen(listener: IoThreadListener, signal: AbortSignal): void {
    const onMessage = ({ data }: MessageEvent<FromWorker>): void => listener.message?.(data)
    const onSupply = ({ data }: MessageEvent<FailedMessage>): void => {
      if (data.id === this.#id) listener.failed?.(data.text)
    }
    const onError = (): void => listener.failed?.('a message could not be read')
    this.#port.addEventListener('message', onMessage, { signal })
    this.#port.addEventListener('messageerror', onError, { signal })
    this.#supply.addEventListener('message', onSupply, { signal })
  }

  end(): void {
    this.#supply.postMessage({ type: 'end', id: this.#id } satisfies EndMessage)
    this.#port.close()
  }
}

let alive: Promise<string> | undefined

/** The Web Lock that this thread holds from now on for as long as it lives. */
export function lockOfThisThread(deadlineMs: number): Promise<string> {
  const name = `wasm-vfs/opfs-worker-program:${crypto.randomUUID()}`
  alive ??= new Promise((resolve, reject) => {
    const held = (): Promise<never> => {
      resolve(name)
      return new Promise(() => {})
    }
    navigator.locks.request(name, held).catch(reject)
  })
  // What arrives late is this thread's lock all the same, for the next open.
  return withDeadline(alive, {
    operation: 'open',
    call: 'navigator.locks.request',
    path: name,
    deadlineMs,
  })
}

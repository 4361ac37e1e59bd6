// The thread of an I/O worker as a session uses it: one that this thread has made itself, or one that the
// page has made for it (see supply.ts). Made by worker-supply.ts.

import type { FromWorker, ToWorker } from '../channel/protocol.ts'

export interface IoThreadListener {
  message?(message: FromWorker): void
  /** Its script did not load (then there are no words), or has thrown, or a message could not be read. */
  failed?(text: string): void
}

export interface IoThread {
  post(message: ToWorker): void
  /** Until the signal is aborted. */
  listen(listener: IoThreadListener, signal: AbortSignal): void
  /** Ends it, whatever it is doing. */
  end(): void
}

export class OwnThread implements IoThread {
  readonly #worker: Worker

  constructor(worker: Worker) {
    this.#worker = worker
  }

  post(message: ToWorker): void {
    this.#worker.postMessage(message)
  }

  listen(listener: IoThreadListener, signal: AbortSignal): void {
    const onMessage = ({ data }: MessageEvent<FromWorker>): void => listener.message?.(data)
    const onError = (event: Event): void => {
      event.preventDefault()
      const { message = '' } = event as Partial<ErrorEvent>
      listener.failed?.(message)
    }
    this.#worker.addEventListener('message', onMessage, { signal })
    this.#worker.addEventListener('error', onError, { signal })
    this.#worker.addEventListener('messageerror', onError, { signal })
  }

  end(): void {
    this.#worker.terminate()
  }
}

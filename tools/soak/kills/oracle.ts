// What was acknowledged, kept outside the browser that is killed: each worker tells it the number of a
// commit and waits for the answer before it begins the next one. A session that waits for its end says where.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Phase } from './phases.ts'

/** Where a session waits for its end; `call`: the call into storage that it is about to make. */
export interface Place {
  readonly phase: Phase
  readonly call: string
}

export class Oracle {
  readonly #acknowledged = new Map<string, number>()
  readonly #errors = new Map<string, string>()
  readonly #places = new Map<string, Place>()
  readonly #server = createServer((request, response) => {
    const parameters = new URL(request.url ?? '/', 'http://oracle').searchParams
    const complaint = this.#hear(parameters)
    response.writeHead(complaint === undefined ? 200 : 409, {
      'Access-Control-Allow-Origin': '*',
      'Cross-Origin-Resource-Policy': 'cross-origin',
      'Content-Type': 'text/plain',
    })
    response.end(complaint ?? '')
  })

  /** Begins to listen on the loopback interface. */
  async open(): Promise<void> {
    await new Promise<void>((done, fail) => {
      this.#server.once('error', fail)
      this.#server.listen(0, '127.0.0.1', done)
    })
  }

  close(): Promise<void> {
    return new Promise((done) => {
      this.#server.close(() => done())
      this.#server.closeAllConnections()
    })
  }

  /** Where the worker of a store tells its commits. */
  url(store: string): string {
    const { port } = this.#server.address() as AddressInfo
    return `http://127.0.0.1:${port}/?store=${encodeURIComponent(store)}`
  }

  /** Commits known of a store. */
  count(store: string): number {
    return this.#acknowledged.get(store) ?? 0
  }

  /** A reopened store showed so many commits; the next acknowledgement is of the one after. */
  resume(store: string, count: number): void {
    this.#acknowledged.set(store, count)
    this.#errors.delete(store)
    this.#places.delete(store)
  }

  /** Why a worker stopped by itself, if it did. */
  error(store: string): string | undefined {
    return this.#errors.get(store)
  }

  /** Where a session waits for its end, once it does. */
  place(store: string): Place | undefined {
    return this.#places.get(store)
  }

  #hear(parameters: URLSearchParams): string | undefined {
    const store = parameters.get('store') ?? ''
    const error = parameters.get('error')
    if (error !== null) {
      this.#errors.set(store, error)
      return undefined
    }
    const phase = parameters.get('phase')
    if (phase !== null) {
      this.#places.set(store, { phase: phase as Phase, call: parameters.get('call') ?? '' })
      return undefined
    }
    const number = Number(parameters.get('number'))
    const expected = this.count(store) + 1
    if (number !== expected) return `commit ${number} of ${store}, but ${expected} is next`
    this.#acknowledged.set(store, number)
    return undefined
  }
}

// Calls from a page to a test worker, one request and one answer each, with a deadline. Small enough
// that a test of a file system need not trust a library with its errors.

import { ConformanceFailure } from './assert.ts'

interface Request {
  readonly id: number
  readonly task: string
  readonly argument: unknown
}

type Answer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: { readonly message: string; readonly stack: string } }

/** What a worker can be asked; arguments and results are structured-cloned. */
export type Tasks = Readonly<Record<string, (argument: never) => unknown>>

/** The worker's side: answers the requests of the page that made it. Call it once, at the top. */
export function serveTasks(tasks: Tasks): void {
  const scope = globalThis as unknown as DedicatedWorkerGlobalScope
  scope.addEventListener('message', (event: MessageEvent<Request>) => {
    const { id, task, argument } = event.data
    // Not one of ours: what else the page has to tell its worker.
    if (task === undefined) return
    void perform(tasks, task, argument).then(
      (result) => scope.postMessage({ id, result } satisfies Answer),
      (error: unknown) => scope.postMessage({ id, failure: describe(error) } satisfies Answer),
    )
  })
}

async function perform(tasks: Tasks, task: string, argument: unknown): Promise<unknown> {
  const run = tasks[task]
  if (run === undefined) throw new TypeError(`The worker serves no task '${task}'`)
  return await run(argument as never)
}

function describe(error: unknown): { message: string; stack: string } {
  if (!(error instanceof Error)) return { message: String(error), stack: '' }
  const cause = error.cause === undefined ? '' : `\ncaused by ${describe(error.cause).message}`
  return { message: `${error.message}${cause}`, stack: error.stack ?? '' }
}

/**
 * The page's side: a worker, made at the first call. After a deadline has passed the worker is
 * terminated (it may be stuck in a synchronous call), and the next call gets a new one.
 */
export class TaskWorker {
  readonly #makeWorker: () => Worker
  #worker: Worker | undefined
  #lastId = 0

  constructor(makeWorker: () => Worker) {
    this.#makeWorker = makeWorker
  }

  call(task: string, argument: unknown, deadlineMs: number): Promise<unknown> {
    const worker = (this.#worker ??= this.#makeWorker())
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const settle = (act: () => void): void => {
        clearTimeout(timer)
        worker.removeEventListener('message', onMessage)
        worker.removeEventListener('error', onError)
        worker.removeEventListener('messageerror', onError)
        act()
      }
      const giveUp = (reason: string): void => {
        settle(() => {
          if (this.#worker === worker) this.terminate()
          reject(new ConformanceFailure(`${task}: ${reason}`))
        })
      }
      const onMessage = (event: MessageEvent<Answer>): void => {
        const answer = event.data
        if (answer.id !== id) return
        settle(() => {
          if ('result' in answer) resolve(answer.result)
          else reject(failureFrom(answer.failure))
        })
      }
      const onError = (event: Event): void => {
        // Told to the caller here, so no news to the page.
        event.preventDefault()
        const { message = event.type } = event as Partial<ErrorEvent>
        giveUp(`the worker failed: ${message}`)
      }
      const timer = setTimeout(() => giveUp(`no answer within ${deadlineMs} ms`), deadlineMs)
      worker.addEventListener('message', onMessage)
      worker.addEventListener('error', onError)
      worker.addEventListener('messageerror', onError)
      worker.postMessage({ id, task, argument } satisfies Request)
    })
  }

  terminate(): void {
    this.#worker?.terminate()
    this.#worker = undefined
  }
}

function failureFrom({ message, stack }: { message: string; stack: string }): ConformanceFailure {
  const failure = new ConformanceFailure(message)
  if (stack !== '') failure.stack = `${failure.name}: ${message}\n    in the worker:\n${stack}`
  return failure
}

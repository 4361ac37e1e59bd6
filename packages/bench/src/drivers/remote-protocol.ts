// What a page that drives itself and the server it asks say to each other, as JSON over HTTP. Shared by
// webkit.ts and ../browser/remote.ts.

/** Of the page's URL: where it asks. */
export const SERVER_PARAMETER = 'driver'
/** GET: the next call, or 204 if there is none yet. */
export const NEXT_PATH = '/next'
/** POST: what came of it. */
export const ANSWER_PATH = '/answer'

export interface Call {
  readonly id: number
  /** Of BenchPage. */
  readonly method: string
  readonly args: readonly unknown[]
}

export interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: string
}

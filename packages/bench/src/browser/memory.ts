// How much memory a worker's JavaScript holds: objects and the contents of ArrayBuffers, after a
// collection. Only the page can ask the browser for it, and only of its own workers, so the worker
// asks the page that started it; others of the origin may be open beside it. Chromium only,
// started as ../session.ts does it: by default it takes up to a minute to answer.

import { Unavailable } from '../workloads/workload.ts'
import { describe } from './errors.ts'

const ANSWER_DEADLINE_MS = 30_000

interface Breakdown {
  readonly bytes: number
  readonly attribution: readonly { readonly scope: string }[]
}

type Measure = () => Promise<{ readonly breakdown: readonly Breakdown[] }>

interface Question {
  readonly question: string
}

interface Answer {
  readonly answerTo: string
  readonly bytes?: number
  readonly failure?: string
}

/**
 * In the page: answers its workers, until the function returned is called. `page` is its name in the
 * origin.
 */
export function answerMemoryQuestions(page: string): () => void {
  const channel = new BroadcastChannel(channelOf(page))
  channel.onmessage = ({ data }: MessageEvent<Question>) => {
    void workerBytes().then(
      (bytes) => channel.postMessage({ answerTo: data.question, bytes } satisfies Answer),
      (error: unknown) =>
        channel.postMessage({ answerTo: data.question, failure: describe(error) } satisfies Answer),
    )
  }
  return () => channel.close()
}

/** In a worker, the only one of `page` that is alive. That it cannot be measured is an error. */
export async function memoryBytes(page: string): Promise<number> {
  const channel = new BroadcastChannel(channelOf(page))
  const question = crypto.randomUUID()
  try {
    return await new Promise<number>((resolve, reject) => {
      const late = (): void =>
        reject(new Unavailable('the browser does not say how much memory it holds'))
      setTimeout(late, ANSWER_DEADLINE_MS)
      channel.onmessage = ({ data }: MessageEvent<Answer>) => {
        if (data.answerTo !== question) return
        if (data.bytes === undefined) reject(new Unavailable(data.failure))
        else resolve(data.bytes)
      }
      channel.postMessage({ question } satisfies Question)
    })
  } finally {
    channel.close()
  }
}

function channelOf(page: string): string {
  return `bench-memory-${page}`
}

/** Of all dedicated workers of the page. */
async function workerBytes(): Promise<number> {
  const { measureUserAgentSpecificMemory: measure } = performance as {
    measureUserAgentSpecificMemory?: Measure
  }
  if (measure === undefined) throw new Unavailable('this browser does not measure memory')
  const { breakdown } = await measure.call(performance)
  const workers = breakdown.filter(({ attribution }) =>
    attribution.some(({ scope }) => scope === 'DedicatedWorkerGlobalScope'),
  )
  const bytes = workers.reduce((sum, worker) => sum + worker.bytes, 0)
  // The one that asks is there: a measurement without it is none.
  if (bytes === 0) throw new Unavailable('the browser left the workers out of its measurement')
  return bytes
}

// One owner per store where there are no Web Locks (pages without https, Safari before 15.4). The owner
// is noted in a ledger, which is kept in the store itself, and answers when asked over a BroadcastChannel
// whether it is still there.
//
// An owner that does not answer may be dead, or busy, or suspended by the browser; nobody can tell. So it
// is taken for dead, and what keeps two of them from writing is the ledger's business: from the moment
// that another one is noted, no commit of the former owner may succeed.

import { toVfsError } from './dom-error.ts'
import {
  ASK_AGAIN_MS,
  busy,
  notHandedOver,
  releaseOnRequest,
  REQUEST,
  TAKE_OVER_DEADLINE_MS,
  type OwnershipOptions,
  type ReleaseLock,
} from './take-over.ts'

/** Where an owner is noted. Each call is atomic, and may throw a VfsError. */
export interface OwnerLedger {
  /** Notes `token` if nobody else is noted but `instead`; answers with who is noted then. */
  claim(token: string, instead: string | undefined): Promise<string>
  /** Nobody is noted any more, if it was `token`. */
  giveUp(token: string): Promise<void>
}

interface Question {
  readonly isThere: string
}

interface Answer {
  readonly hereIs: string
}

/** Longer than any task of a page that is still pleasant to use. */
const ANSWER_DEADLINE_MS = 2000

/** As `takeOwnership`. */
export async function noteOwnership(
  lockName: string,
  options: OwnershipOptions,
  ledger: OwnerLedger,
): Promise<ReleaseLock> {
  const token = newToken()
  await claim(lockName, token, options, ledger)
  const channel = new BroadcastChannel(lockName)
  channel.addEventListener('message', ({ data }: MessageEvent<Question | string>) => {
    if (typeof data === 'object' && data.isThere === token) {
      channel.postMessage({ hereIs: token } satisfies Answer)
    }
  })
  let released: Promise<void> | undefined
  const release = (): Promise<void> => {
    // Until it is done, whoever asks is told that somebody is here.
    return (released ??= ledger.giveUp(token).finally(() => channel.close()))
  }
  const { onTakeOver } = options
  return onTakeOver === undefined ? release : releaseOnRequest(lockName, onTakeOver, release)
}

async function claim(
  lockName: string,
  token: string,
  { wait = false, takeOver = false }: OwnershipOptions,
  ledger: OwnerLedger,
): Promise<void> {
  const channel = new BroadcastChannel(lockName)
  const askedAt = performance.now()
  try {
    let dead: string | undefined
    for (;;) {
      const owner = await ledger.claim(token, dead)
      if (owner === token) return
      dead = (await isThere(channel, owner)) ? undefined : owner
      if (dead !== undefined) continue
      if (!takeOver && wait === false) throw busy(lockName)
      if (takeOver) channel.postMessage(REQUEST)
      const late = performance.now() - askedAt > TAKE_OVER_DEADLINE_MS
      if (wait === false && late) throw notHandedOver(lockName)
      if (typeof wait === 'object' && wait.aborted) {
        throw toVfsError(wait.reason, 'open', { path: lockName })
      }
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS))
    }
  } finally {
    channel.close()
  }
}

function isThere(channel: BroadcastChannel, token: string): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (answer: boolean): void => {
      clearTimeout(timer)
      clearInterval(asking)
      channel.removeEventListener('message', listen)
      resolve(answer)
    }
    const listen = ({ data }: MessageEvent<Answer | string>): void => {
      if (typeof data === 'object' && data.hereIs === token) finish(true)
    }
    const ask = (): void => channel.postMessage({ isThere: token } satisfies Question)
    const timer = setTimeout(() => finish(false), ANSWER_DEADLINE_MS)
    // An owner is noted a moment before it listens.
    const asking = setInterval(ask, ASK_AGAIN_MS)
    channel.addEventListener('message', listen)
    ask()
  })
}

/** `crypto.randomUUID` is missing just where this is needed. */
function newToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

// Opens many sync access handles while the garbage collector runs every millisecond, and answers with how many
// calls have settled. Asked for by collected.e2e.test.ts, in a Chromium that has `gc()`.

import { openAccessHandle } from '@wasm-vfs/core/backend'

export interface CollectedRequest {
  /** `raw` calls the browser itself and keeps no file handle, as no code here does. */
  readonly way: 'openAccessHandle' | 'raw'
  readonly handles: number
  readonly atATime: number
  readonly deadlineMs: number
}

export interface CollectedReply {
  readonly opened: number
  /** Of those that failed, the errors. */
  readonly failures: readonly string[]
  /** Calls that had not settled after the deadline. */
  readonly hanging: number
}

declare const gc: () => void

interface Attempt {
  readonly directory: FileSystemDirectoryHandle
  readonly name: string
  readonly request: CollectedRequest
}

async function open({ directory, name, request }: Attempt): Promise<FileSystemSyncAccessHandle> {
  const { way, deadlineMs } = request
  if (way === 'openAccessHandle') {
    const file = await directory.getFileHandle(name, { create: true })
    return await openAccessHandle(file, { path: name, deadlineMs })
  }
  return await directory
    .getFileHandle(name, { create: true })
    .then((file) => file.createSyncAccessHandle())
}

async function outcome(attempt: Attempt): Promise<string> {
  const hang = new Promise<'hanging'>((resolve) => {
    // Behind that of openAccessHandle, whose error counts.
    setTimeout(() => resolve('hanging'), attempt.request.deadlineMs + 500)
  })
  const opened = open(attempt).then(
    (handle) => {
      handle.close()
      return 'opened'
    },
    (error: unknown) => String(error),
  )
  return await Promise.race([opened, hang])
}

async function answer(request: CollectedRequest): Promise<CollectedReply> {
  const root = await navigator.storage.getDirectory()
  const directory = await root.getDirectoryHandle(crypto.randomUUID(), { create: true })
  const collecting = setInterval(() => gc(), 1)
  const outcomes: string[] = []
  try {
    while (outcomes.length < request.handles) {
      const batch = Array.from({ length: request.atATime }, (_, index) =>
        outcome({ directory, name: `${outcomes.length + index}`, request }),
      )
      // Some at a time is what is tried.
      // oxlint-disable-next-line no-await-in-loop
      outcomes.push(...(await Promise.all(batch)))
    }
  } finally {
    clearInterval(collecting)
  }
  return {
    opened: outcomes.filter((each) => each === 'opened').length,
    hanging: outcomes.filter((each) => each === 'hanging').length,
    failures: outcomes.filter((each) => each !== 'opened' && each !== 'hanging'),
  }
}

self.onmessage = ({ data }: MessageEvent<CollectedRequest>) => {
  answer(data).then(
    (reply) => self.postMessage(reply),
    (error: unknown) => self.postMessage({ error: String(error) }),
  )
}

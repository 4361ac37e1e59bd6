// The page of large.e2e.test.ts: fills a store, opens it, works in it, and tells times and memory.

import { ROOT_INO, type Vfs } from '@wasm-vfs/core'
import { deleteIdb, openIdb } from '@wasm-vfs/idb'

const MIB = 1 << 20
const FILE_BYTES = 8 * MIB
const COMMITS = 30
const PAGE = 8192

export interface Figures {
  readonly fillMs: number
  readonly openMs: number
  /** Bytes read of storage, and how often progress was told. */
  readonly bytesRead: number
  readonly progress: number
  /** Medians, of a sync with one page changed: now, and in a store of 8 MiB beside it. */
  readonly commitMs: number
  readonly smallCommitMs: number
  readonly bytesPerCommit: number
  readonly scanMs: number
}

function random(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65_536, length)))
  }
  return bytes
}

async function fill(name: string, bytes: number): Promise<void> {
  const vfs = await openIdb(name)
  const content = random(FILE_BYTES)
  for (let file = 0; file < bytes / FILE_BYTES; file++) {
    new DataView(content.buffer).setUint32(0, file)
    vfs.write(vfs.create(ROOT_INO, `file-${file}`, 0o644), content, 0)
    // As a program does that loads a large database: some now, some later.
    if (file % 8 === 7) await vfs.sync()
  }
  await vfs.close()
}

/** Median of a sync with one page changed somewhere. */
async function commitMs(vfs: Vfs): Promise<number> {
  const files = vfs.readdir(ROOT_INO)
  const times: number[] = []
  for (let commit = 0; commit < COMMITS; commit++) {
    const { ino } = files[(commit * 7) % files.length]!
    vfs.write(ino, random(PAGE), (1 + ((commit * 131) % (FILE_BYTES / PAGE - 1))) * PAGE)
    const started = performance.now()
    await vfs.sync()
    times.push(performance.now() - started)
  }
  return times.sort((a, b) => a - b)[COMMITS / 2]!
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

async function measure(bytes: number): Promise<Figures> {
  const fillMs = await timed(() => fill('large', bytes))
  await fill('small', FILE_BYTES)
  let progress = 0
  let vfs: Vfs | undefined
  const openMs = await timed(async () => {
    vfs = await openIdb('large', { onProgress: () => progress++ })
  })
  const small = await openIdb('small')
  const { bytesRead = 0, bytesWritten: before = 0 } = vfs!.stats()
  const smallCommitMs = await commitMs(small)
  const large = await commitMs(vfs!)
  const { bytesWritten: after = 0 } = vfs!.stats()
  const page = new Uint8Array(PAGE)
  const scanMs = await timed(async () => {
    for (const { name, ino } of vfs!.readdir(ROOT_INO)) {
      for (let at = 0; at < FILE_BYTES; at += PAGE) {
        if (vfs!.read(ino, page, at) !== PAGE) throw new Error(`${name} is short`)
        // The first page says whose it is; commits change others.
        const number = new DataView(page.buffer).getUint32(0)
        if (at === 0 && name !== `file-${number}`) throw new Error(`${name} holds file-${number}`)
      }
    }
  })
  await vfs!.close()
  await small.close()
  await deleteIdb('large')
  await deleteIdb('small')
  return {
    fillMs,
    openMs,
    bytesRead,
    progress,
    commitMs: large,
    smallCommitMs,
    bytesPerCommit: (after - before) / COMMITS,
    scanMs,
  }
}

const mebibytes = Number(new URLSearchParams(location.search).get('mebibytes'))
const told = await measure(mebibytes * MIB).catch((error: unknown) => ({ failed: String(error) }))
await fetch('/figures', { method: 'POST', body: JSON.stringify(told) })

import { expect, test } from 'vitest'
import { wipeStorage } from './wipe.ts'

const DEADLINE_MS = 10_000

async function entries(): Promise<string[]> {
  const names: string[] = []
  for await (const name of (await navigator.storage.getDirectory()).keys()) names.push(name)
  return names
}

async function databases(): Promise<(string | undefined)[]> {
  return (await indexedDB.databases()).map(({ name }) => name)
}

/** A worker that says when it holds a sync access handle and a database, and keeps them. */
async function holder(): Promise<Worker> {
  const script = `onmessage = async () => {
    const root = await navigator.storage.getDirectory()
    self.file = await root.getFileHandle('held', { create: true })
    self.handle = await self.file.createSyncAccessHandle()
    const request = indexedDB.open('held', 1)
    request.onsuccess = () => {
      self.database = request.result
      postMessage('holding')
    }
  }`
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
  const worker = new Worker(url)
  await new Promise<void>((resolve, reject) => {
    worker.onmessage = () => resolve()
    worker.onerror = (event) => reject(new Error(event.message))
    worker.postMessage(undefined)
  })
  return worker
}

test('nothing is left of files, directories and databases', async () => {
  const root = await navigator.storage.getDirectory()
  await root.getFileHandle('file', { create: true })
  const directory = await root.getDirectoryHandle('directory', { create: true })
  await directory.getFileHandle('nested', { create: true })
  await new Promise<void>((resolve, reject) => {
    const request = indexedDB.open('database', 1)
    request.onsuccess = () => {
      request.result.close()
      resolve()
    }
    request.onerror = () => reject(request.error ?? new Error('not opened'))
  })
  expect(await entries()).toEqual(expect.arrayContaining(['file', 'directory']))
  expect(await databases()).toContain('database')

  await wipeStorage(DEADLINE_MS)
  expect(await entries()).toEqual([])
  expect(await databases()).toEqual([])
})

test('what a terminated worker held is waited for', async () => {
  const worker = await holder()
  worker.terminate()
  await wipeStorage(DEADLINE_MS)
  expect(await entries()).toEqual([])
  expect(await databases()).toEqual([])
})

test('what a living worker holds is an error and not a wait without end', async () => {
  const worker = await holder()
  await expect(wipeStorage(300)).rejects.toThrow(/held|state|modif/i)
  worker.terminate()
  await wipeStorage(DEADLINE_MS)
})

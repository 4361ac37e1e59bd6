// The store in the real OPFS of each browser: what the program does in a worker, the page finds there with
// plain calls of the File System API, and the other way round.

import { TaskWorker } from '@wasm-vfs/core/testing'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const DEADLINE_MS = 30_000

let worker: TaskWorker
let name: string

function ask(task: string, argument?: unknown): Promise<unknown> {
  return worker.call(task, argument, DEADLINE_MS)
}

async function storeDirectory(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory()
  return await root.getDirectoryHandle(name)
}

/** What anyone sees there: a line for each entry, files with their text. */
async function plainTree(): Promise<string[]> {
  const lines: string[] = []
  const add = async (directory: FileSystemDirectoryHandle, prefix: string): Promise<void> => {
    for await (const [entry, handle] of directory.entries()) {
      const path = `${prefix}/${entry}`
      if (path === '/.wasm-vfs') continue
      if (handle.kind === 'directory') {
        lines.push(`${path}/`)
        await add(handle, path)
      } else lines.push(`${path}: ${await (await handle.getFile()).text()}`)
    }
  }
  await add(await storeDirectory(), '')
  return lines.sort()
}

async function plainWrite(directory: FileSystemDirectoryHandle, entry: string, text: string) {
  const file = await directory.getFileHandle(entry, { create: true })
  const stream = await file.createWritable()
  await stream.write(text)
  await stream.close()
}

beforeEach(() => {
  name = `io-store-${crypto.randomUUID()}`
  worker = new TaskWorker(
    () => new Worker(new URL('./store.worker.ts', import.meta.url), { type: 'module' }),
  )
})

afterEach(async () => {
  worker.terminate()
  await ask('remove', name)
  worker.terminate()
})

describe('a store in OPFS', () => {
  it('keeps its files where anyone can read them', async () => {
    await ask('open', { name })
    await ask('mkdir', '/d')
    await ask('put', [
      ['/d/a', 'one'],
      ['/b', 'two'],
      ['/empty', ''],
    ])
    await ask('overwrite', ['/b', 'TWO'])
    await ask('close')
    expect(await plainTree()).toEqual(['/b: TWO', '/d/', '/d/a: one', '/empty: '])
  })

  it('sees at its next open what others have added, taken away and written', async () => {
    await ask('open', { name })
    await ask('put', [
      ['/gone', 'one'],
      ['/same', 'two'],
    ])
    await ask('close')
    const directory = await storeDirectory()
    await directory.removeEntry('gone')
    await plainWrite(directory, 'same', 'TWO')
    await plainWrite(directory, 'added', 'three')
    const below = await directory.getDirectoryHandle('below', { create: true })
    await plainWrite(below, 'deep', 'four')
    // So soon after it was made it may as well have been a power cut.
    await expect(ask('open', { name })).rejects.toThrow(/EIO.*missing: gone;/)
    await ask('open', { name, acceptMissing: true })
    const expected = ['/added: three', '/below/', '/below/deep: four', '/same: TWO']
    expect(await ask('tree')).toEqual(expected)
    await ask('overwrite', ['/added', 'THREE'])
    await ask('close')
    await ask('open', { name })
    expect(await ask('tree')).toEqual(['/added: THREE', ...expected.slice(1)])
  })

  it('says that others have changed the size of a file, and shows it when opened again', async () => {
    await ask('open', { name })
    await ask('put', [['/a', 'one']])
    await ask('close')
    await plainWrite(await storeDirectory(), 'a', 'longer')
    await expect(ask('open', { name })).rejects.toThrow(/EIO.*other code has changed this file/)
    worker.terminate()
    await ask('open', { name })
    expect(await ask('tree')).toEqual(['/a: longer'])
  })

  it('takes every name of the contract, and gives it back', async () => {
    const names = [
      '.wasm-vfs',
      '.wasm-vfs~',
      'a\\b',
      'a%5Cb',
      'a%255Cb',
      '...',
      ' ',
      'a.',
      'CON',
      '~',
    ]
    names.push('€'.repeat(85), 'x'.repeat(255), '\\'.repeat(255), 'e\u0301', '\u00e9', '\ufeffx')
    // Every other character of ASCII, a few in each name.
    for (let code = 1; code < 128; code += 8) {
      const codes = Array.from({ length: 8 }, (_, index) => code + index)
      names.push(String.fromCharCode(...codes.filter((each) => each !== 0x2f && each < 128)))
    }
    const files = names.map((each) => [`/${each}`, ''] as const)
    await ask('open', { name })
    await ask('put', files)
    await ask('close')
    await ask('open', { name })
    expect(await ask('tree')).toEqual(files.map(([path]) => `${path}: `).sort())
    await ask('close')
  })

  it('moves directories with what is in them, over empty ones, too', async () => {
    await ask('open', { name })
    for (const path of ['/d', '/d/e', '/empty']) await ask('mkdir', path)
    await ask('put', [
      ['/d/a', 'one'],
      ['/d/e/b', 'two'],
    ])
    await ask('move', ['/d', '/f'])
    expect(await plainTree()).toEqual(['/empty/', '/f/', '/f/a: one', '/f/e/', '/f/e/b: two'])
    await ask('move', ['/f', '/empty'])
    await ask('overwrite', ['/empty/e/b', 'TWO'])
    await ask('close')
    const expected = ['/empty/', '/empty/a: one', '/empty/e/', '/empty/e/b: TWO']
    expect(await plainTree()).toEqual(expected)
    await ask('open', { name })
    expect(await ask('tree')).toEqual(expected)
  })

  it('replaces and removes files that it has open', async () => {
    await ask('open', { name })
    await ask('put', [
      ['/a', 'one'],
      ['/b', 'two'],
      ['/c', 'three'],
    ])
    for (const path of ['/a', '/b', '/c']) await ask('overwrite', [path, 'x'])
    await ask('move', ['/a', '/b'])
    await ask('unlink', '/c')
    expect(await plainTree()).toEqual(['/b: xne'])
    await ask('overwrite', ['/b', 'y'])
    await ask('close')
    expect(await plainTree()).toEqual(['/b: yne'])
  })

  it('leaves a removed directory to others who have put something into it', async () => {
    await ask('open', { name })
    await ask('mkdir', '/d')
    const directory = await (await storeDirectory()).getDirectoryHandle('d')
    await plainWrite(directory, 'foreign', 'stays')
    await ask('rmdir', '/d')
    await ask('close')
    await ask('open', { name })
    expect(await ask('tree')).toEqual(['/d/', '/d/foreign: stays'])
  })

  it('neither overwrites nor removes what others have put in the way', async () => {
    await ask('open', { name })
    await plainWrite(await storeDirectory(), 'a', 'foreign')
    await plainWrite(await storeDirectory(), 'b', 'foreign')
    await ask('put', [['/a', 'mine']])
    worker.terminate()
    await ask('open', { name })
    expect(await ask('tree')).toEqual(['/a.other-1: foreign', '/a: mine', '/b: foreign'])
  })

  it('puts aside directories in the way of files, and files in the way of directories', async () => {
    await ask('open', { name })
    await ask('put', [['/moved', 'mine']])
    for (const path of ['made', 'elsewhere']) {
      const directory = await (await storeDirectory()).getDirectoryHandle(path, { create: true })
      await plainWrite(directory, 'foreign', 'stays')
      await directory.getDirectoryHandle('empty', { create: true })
    }
    await plainWrite(await storeDirectory(), 'directory', 'foreign')
    await (await storeDirectory()).getDirectoryHandle('bare', { create: true })
    await ask('put', [
      ['/made', 'mine'],
      ['/bare', 'mine'],
    ])
    await ask('move', ['/moved', '/elsewhere'])
    await ask('mkdir', '/directory')
    await ask('close')
    await ask('open', { name })
    expect(await ask('tree')).toEqual([
      '/bare: mine',
      '/directory.other-1: foreign',
      '/directory/',
      '/elsewhere.other-1/',
      '/elsewhere.other-1/empty/',
      '/elsewhere.other-1/foreign: stays',
      '/elsewhere: mine',
      '/made.other-1/',
      '/made.other-1/empty/',
      '/made.other-1/foreign: stays',
      '/made: mine',
    ])
  })

  it('holds no more handles than it may', async () => {
    await ask('open', { name, maxHandles: 8 })
    const files = Array.from({ length: 30 }, (_, index) => [`/f${index}`, `file ${index}`])
    await ask('put', files)
    for (const [path] of files) await ask('overwrite', [path, 'F'])
    expect(await ask('handles')).toBeLessThanOrEqual(8)
    await ask('close')
    expect(await plainTree()).toEqual(
      files.map(([path, text]) => `${path}: F${text!.slice(1)}`).sort(),
    )
  })

  it('occupies the space that it has promised, until it is closed', async () => {
    const bytes = 64 * 1024 * 1024
    const usage = async (): Promise<number> => (await navigator.storage.estimate()).usage ?? 0
    await ask('open', { name })
    const before = await usage()
    expect(await ask('reserve', bytes)).toBeGreaterThanOrEqual(bytes)
    expect(await usage()).toBeGreaterThanOrEqual(before + bytes)
    await ask('close')
    expect(await usage()).toBeLessThan(before + bytes)
  })

  it('opens after its worker was terminated, with everything acknowledged', async () => {
    await ask('open', { name, lands: false })
    await ask('mkdir', '/d')
    await ask('put', [['/a', 'one']])
    await ask('overwrite', ['/a', 'ONE'])
    await ask('move', ['/a', '/d/b'])
    expect(await plainTree()).toEqual([])
    worker.terminate()
    await ask('open', { name })
    const expected = ['/d/', '/d/b: ONE']
    expect(await ask('tree')).toEqual(expected)
    await ask('close')
    expect(await plainTree()).toEqual(expected)
  })

  it('refuses a directory that holds something else', async () => {
    const root = await navigator.storage.getDirectory()
    await plainWrite(await root.getDirectoryHandle(name, { create: true }), 'mine', 'text')
    await expect(ask('open', { name })).rejects.toThrow(/EEXIST.*'mine'/)
    expect(await plainTree()).toEqual(['/mine: text'])
    await root.removeEntry(name, { recursive: true })
  })
})

describe('a store without sync access handles', () => {
  it('keeps the same files, with createWritable', async () => {
    await ask('hideAccessHandles')
    await ask('open', { name })
    await ask('mkdir', '/d')
    await ask('put', [
      ['/d/a', 'one'],
      ['/b', 'two'],
    ])
    await ask('overwrite', ['/b', 'TWO'])
    expect(await plainTree()).toEqual(['/b: TWO', '/d/', '/d/a: one'])
    await ask('move', ['/d', '/e'])
    await ask('move', ['/b', '/e/a'])
    // Without closing it.
    worker.terminate()
    await ask('hideAccessHandles')
    await ask('open', { name })
    expect(await ask('tree')).toEqual(['/e/', '/e/a: TWO'])
    await ask('close')
    worker.terminate()
    await ask('open', { name })
    expect(await ask('tree')).toEqual(['/e/', '/e/a: TWO'])
  })
})

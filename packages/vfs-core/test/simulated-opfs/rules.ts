// What every OPFS does, as far as backends rely on it: run on the simulation in Node and on the real
// one in a worker of each browser, so that the simulation cannot drift from the truth. Each rule gets
// an empty directory.

import { openAccessHandle } from '@wasm-vfs/core/backend'

export interface Rule {
  readonly name: string
  run(directory: FileSystemDirectoryHandle): Promise<void>
}

function equal(actual: unknown, expected: unknown, about: string): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (a !== b) throw new Error(`${about}: expected ${b}, got ${a}`)
}

/** The name of what `act` throws or rejects with; 'nothing' if it does not. */
async function thrownBy(act: () => unknown): Promise<string> {
  try {
    await act()
  } catch (error) {
    return (error as Error).name
  }
  return 'nothing'
}

async function throws(name: string, act: () => unknown): Promise<void> {
  equal(await thrownBy(act), name, act.toString())
}

const bytes = (length: number, value: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array(length).fill(value)

async function withFile(
  directory: FileSystemDirectoryHandle,
  act: (access: FileSystemSyncAccessHandle, file: FileSystemFileHandle) => void | Promise<void>,
): Promise<void> {
  const file = await directory.getFileHandle('file', { create: true })
  const access = await openAccessHandle(file, { path: file.name })
  try {
    await act(access, file)
  } finally {
    access.close()
  }
}

function contentOf(access: FileSystemSyncAccessHandle): number[] {
  const all = new Uint8Array(access.getSize())
  access.read(all, { at: 0 })
  return [...all]
}

async function names(directory: FileSystemDirectoryHandle): Promise<string[]> {
  const list: string[] = []
  for await (const name of directory.keys()) list.push(name)
  return list.sort()
}

const nothing = (): void => {}

export const rules: readonly Rule[] = [
  {
    name: 'a missing entry is NotFoundError, made only on request',
    async run(directory) {
      await throws('NotFoundError', () => directory.getFileHandle('x'))
      await throws('NotFoundError', () => directory.getDirectoryHandle('x'))
      await throws('NotFoundError', () => directory.removeEntry('x'))
      await directory.getFileHandle('x', { create: true })
      equal((await directory.getFileHandle('x')).name, 'x', 'the name of the file')
      equal((await directory.getFileHandle('x')).kind, 'file', 'its kind')
    },
  },
  {
    name: 'an entry of the other kind is TypeMismatchError',
    async run(directory) {
      await directory.getFileHandle('f', { create: true })
      await directory.getDirectoryHandle('d', { create: true })
      await throws('TypeMismatchError', () => directory.getDirectoryHandle('f'))
      await throws('TypeMismatchError', () => directory.getFileHandle('d'))
      await throws('TypeMismatchError', () => directory.getFileHandle('d', { create: true }))
    },
  },
  {
    name: 'names that cannot be are TypeError',
    async run(directory) {
      for (const name of ['', '.', '..', 'a/b']) {
        await throws('TypeError', () => directory.getFileHandle(name, { create: true }))
        await throws('TypeError', () => directory.getDirectoryHandle(name, { create: true }))
        await throws('TypeError', () => directory.removeEntry(name))
      }
    },
  },
  {
    name: 'an open file is locked: no second handle, no removal, not even of a directory above',
    async run(directory) {
      const inner = await directory.getDirectoryHandle('inner', { create: true })
      await withFile(inner, async (_, file) => {
        await throws('NoModificationAllowedError', () => file.createSyncAccessHandle())
        await throws('NoModificationAllowedError', () => inner.removeEntry('file'))
        await throws('NoModificationAllowedError', () =>
          directory.removeEntry('inner', { recursive: true }),
        )
      })
      await withFile(inner, nothing)
      await inner.removeEntry('file')
      equal(await names(inner), [], 'the names left')
    },
  },
  {
    name: 'a removed file is gone for its handles, and a new one of the name is empty',
    async run(directory) {
      await withFile(directory, (access) => void access.write(bytes(3, 1), { at: 0 }))
      const file = await directory.getFileHandle('file')
      await directory.removeEntry('file')
      await throws('NotFoundError', () => file.createSyncAccessHandle())
      await throws('NotFoundError', () => file.getFile())
      await withFile(directory, (access) => equal(access.getSize(), 0, 'the size of the new file'))
    },
  },
  {
    name: 'a directory with entries is removed only recursively',
    async run(directory) {
      const inner = await directory.getDirectoryHandle('inner', { create: true })
      await inner.getDirectoryHandle('deeper', { create: true })
      await throws('InvalidModificationError', () => directory.removeEntry('inner'))
      await directory.removeEntry('inner', { recursive: true })
      await throws('NotFoundError', () => directory.getDirectoryHandle('inner'))
      await directory.getDirectoryHandle('empty', { create: true })
      await directory.removeEntry('empty')
      equal(await names(directory), [], 'the names left')
    },
  },
  {
    name: 'keys, values, entries and the directory itself list the same',
    async run(directory) {
      await directory.getFileHandle('b', { create: true })
      await directory.getDirectoryHandle('a', { create: true })
      const listed: string[][] = [[], [], []]
      for await (const handle of directory.values())
        listed[0]!.push(`${handle.kind} ${handle.name}`)
      for await (const [name, handle] of directory.entries()) {
        listed[1]!.push(`${handle.kind} ${name}`)
      }
      for await (const [name, handle] of directory) listed[2]!.push(`${handle.kind} ${name}`)
      for (const list of listed) equal(list.sort(), ['directory a', 'file b'], 'a listing')
      equal(await names(directory), ['a', 'b'], 'the keys')
    },
  },
  {
    name: 'resolve and isSameEntry know where an entry is',
    async run(directory) {
      const inner = await directory.getDirectoryHandle('inner', { create: true })
      const file = await inner.getFileHandle('f', { create: true })
      equal(await directory.resolve(file), ['inner', 'f'], 'the path down')
      equal(await directory.resolve(directory), [], 'the path to itself')
      equal(await inner.resolve(directory), null, 'the path up')
      equal(await file.isSameEntry(await inner.getFileHandle('f')), true, 'the same entry')
    },
  },
  {
    name: 'what is written is read, through the same handle, a later one and getFile',
    async run(directory) {
      await withFile(directory, (access) => {
        equal(access.write(Uint8Array.of(1, 2, 3, 4), { at: 0 }), 4, 'bytes written')
        equal(access.write(Uint8Array.of(9), { at: 1 }), 1, 'bytes overwritten')
        equal(contentOf(access), [1, 9, 3, 4], 'the content')
      })
      await withFile(directory, (access) => equal(contentOf(access), [1, 9, 3, 4], 'reopened'))
      const file = await (await directory.getFileHandle('file')).getFile()
      equal([...new Uint8Array(await file.arrayBuffer())], [1, 9, 3, 4], 'the File')
    },
  },
  {
    name: 'a read stops at the end of the file and leaves the rest of the buffer alone',
    run: (directory) =>
      withFile(directory, (access) => {
        access.write(bytes(5, 7), { at: 0 })
        const into = bytes(4, 1)
        equal(access.read(into, { at: 3 }), 2, 'bytes read at the end')
        equal([...into], [7, 7, 1, 1], 'the buffer')
        equal(access.read(into, { at: 5 }), 0, 'bytes read at the very end')
        equal(access.read(into, { at: 500 }), 0, 'bytes read beyond')
      }),
  },
  {
    name: 'a write beyond the end grows the file with zeros',
    run: (directory) =>
      withFile(directory, (access) => {
        access.write(bytes(2, 7), { at: 0 })
        access.write(bytes(1, 8), { at: 600 })
        equal(access.getSize(), 601, 'the size')
        const all = contentOf(access)
        equal(all.slice(0, 3), [7, 7, 0], 'the start')
        equal(
          all.slice(2, 600).every((each) => each === 0),
          true,
          'zeros between',
        )
        equal(all[600], 8, 'the last byte')
      }),
  },
  {
    name: 'an empty write beyond the end does not grow the file',
    run: (directory) =>
      withFile(directory, (access) => {
        equal(access.write(new Uint8Array(0), { at: 100 }), 0, 'bytes written')
        equal(access.getSize(), 0, 'the size')
      }),
  },
  {
    name: 'truncate cuts, and what grows again is zeros',
    run: (directory) =>
      withFile(directory, (access) => {
        access.write(bytes(1500, 7), { at: 0 })
        access.truncate(700)
        equal(access.getSize(), 700, 'the size')
        access.truncate(1200)
        const all = contentOf(access)
        equal(all.length, 1200, 'the size grown')
        equal(
          all.slice(0, 700).every((each) => each === 7),
          true,
          'what was kept',
        )
        equal(
          all.slice(700).every((each) => each === 0),
          true,
          'what was cut',
        )
      }),
  },
  {
    name: 'without `at`, reads and writes go on where the last one ended',
    run: (directory) =>
      withFile(directory, (access) => {
        access.write(Uint8Array.of(1, 2))
        access.write(Uint8Array.of(3, 4))
        equal(contentOf(access), [1, 2, 3, 4], 'two writes')
        const one = new Uint8Array(1)
        access.read(one, { at: 1 })
        access.read(one)
        equal(one[0], 3, 'the read after a read at 1')
        access.truncate(2)
        access.write(Uint8Array.of(5))
        equal(contentOf(access), [1, 2, 5], 'a write after a truncate below the cursor')
      }),
  },
  {
    name: 'a view with an offset is read into and written from, and nothing around it',
    run: (directory) =>
      withFile(directory, (access) => {
        const whole = Uint8Array.of(1, 2, 3, 4, 5)
        access.write(whole.subarray(1, 3), { at: 0 })
        equal(contentOf(access), [2, 3], 'the content')
        access.read(whole.subarray(3, 5), { at: 0 })
        equal([...whole], [1, 2, 3, 2, 3], 'the buffer')
      }),
  },
  {
    name: 'an offset below zero is TypeError',
    run: (directory) =>
      withFile(directory, async (access) => {
        await throws('TypeError', () => access.read(new Uint8Array(1), { at: -1 }))
        await throws('TypeError', () => access.write(new Uint8Array(1), { at: -1 }))
        await throws('TypeError', () => access.truncate(-1))
      }),
  },
  {
    name: 'a closed handle refuses everything but another close',
    async run(directory) {
      const file = await directory.getFileHandle('file', { create: true })
      const access = await openAccessHandle(file, { path: file.name })
      access.close()
      access.close()
      await throws('InvalidStateError', () => access.getSize())
      await throws('InvalidStateError', () => access.read(new Uint8Array(1), { at: 0 }))
      await throws('InvalidStateError', () => access.write(new Uint8Array(1), { at: 0 }))
      await throws('InvalidStateError', () => access.truncate(0))
      await throws('InvalidStateError', () => access.flush())
    },
  },
  {
    name: 'flush changes nothing that can be seen, and may be repeated',
    run: (directory) =>
      withFile(directory, (access) => {
        access.flush()
        access.write(bytes(3, 7), { at: 0 })
        access.flush()
        access.flush()
        equal(contentOf(access), [7, 7, 7], 'the content')
      }),
  },
  {
    name: 'a file moves to another name, replacing what is there, unless either is open',
    async run(directory) {
      const movable = (await directory.getFileHandle('from', {
        create: true,
      })) as FileSystemFileHandle & {
        move(name: string): Promise<void>
      }
      await withFile(directory, async () => {
        await throws('NoModificationAllowedError', () => movable.move('file'))
      })
      await movable.move('to')
      equal(movable.name, 'to', 'the name of the handle')
      equal(await names(directory), ['file', 'to'], 'the names')
      await movable.move('file')
      equal(await names(directory), ['file'], 'the names after replacing')
    },
  },
]

// Programs that are no database of ours, and what each shows when it is opened again. They use the file
// system as any program compiled with Emscripten does, through FS: SQLite's build is what brings the FS.

import type { EmscriptenFS } from '../../../packages/vfs-core/src/emscripten/index.ts'
import { SeededRandom } from '../../../packages/vfs-core/src/testing/simulated-opfs/random.ts'

/** What a reopened store shows: the number of its last whole change, and what must not be. */
export interface Shown {
  readonly count: number
  readonly problems: readonly string[]
}

export interface Program {
  /** Makes change number `n`; from its return on, the change is there. */
  commit(n: number): void | Promise<void>
  shown(): Shown
  close(): void
}

interface SqlDatabase {
  exec(sql: string): readonly { readonly values: readonly (readonly unknown[])[] }[]
  run(sql: string, values: readonly unknown[]): void
  close(): void
}

interface FsStream {
  readonly stream_ops: { fsync(stream: FsStream): void }
}

/** What the programs use of Emscripten's FS. */
interface ProgramFs extends EmscriptenFS {
  open(path: string, flags: string): FsStream
  write(stream: FsStream, from: Uint8Array, offset: number, length: number, at: number): number
  close(stream: FsStream): void
  rename(from: string, to: string): void
  unlink(path: string): void
  readdir(path: string): string[]
  readFile(path: string, options: { encoding: 'utf8' }): string
  writeFile(path: string, text: string): void
}

export interface SqliteModule {
  readonly FS: ProgramFs
  readonly Database: new (path: string) => SqlDatabase
}

export const MOUNT = '/kept'
export const PROGRAMS = ['rename', 'sqlite', 'files'] as const
export type ProgramName = (typeof PROGRAMS)[number]

const MAKERS: Readonly<Record<ProgramName, (module: SqliteModule) => Program>> = {
  rename: ({ FS }) => new RenameAsCommit(FS),
  sqlite: (module) => new Sqlite(module),
  files: ({ FS }) => new ManyFiles(FS),
}

export function makeProgram(name: ProgramName, module: SqliteModule): Program {
  return MAKERS[name](module)
}

/** The number and up to 20 kB that follow from it, so that a mixture is recognised. */
function bodyOf(n: number): string {
  const random = new SeededRandom(Math.imul(n + 1, 0x9e3779b1))
  let body = `${n} `
  for (let words = random.below(2500); words > 0; words--) {
    body += random.next().toString(16).padStart(8, '0')
  }
  return body
}

/** What `open`, `write`, `fsync`, `close` make of a file. */
function writeDurably(fs: ProgramFs, path: string, text: string): void {
  const stream = fs.open(path, 'w')
  const bytes = new TextEncoder().encode(text)
  fs.write(stream, bytes, 0, bytes.length, 0)
  stream.stream_ops.fsync(stream)
  fs.close(stream)
}

/** Writes a temporary file, fsyncs it and renames it over the old one. */
class RenameAsCommit implements Program {
  readonly #fs: ProgramFs

  constructor(fs: ProgramFs) {
    this.#fs = fs
  }

  commit(n: number): void {
    writeDurably(this.#fs, `${MOUNT}/state.new`, bodyOf(n))
    this.#fs.rename(`${MOUNT}/state.new`, `${MOUNT}/state`)
  }

  shown(): Shown {
    if (!this.#fs.readdir(MOUNT).includes('state')) return { count: 0, problems: [] }
    const text = this.#fs.readFile(`${MOUNT}/state`, { encoding: 'utf8' })
    const count = Number.parseInt(text, 10)
    if (text === bodyOf(count)) return { count, problems: [] }
    return { count, problems: [`the file is none that was ever written: ${text.slice(0, 40)}`] }
  }

  close(): void {}
}

const ROWS = 50

/** SQLite in its default journal mode: a COMMIT ends in the unlink of the journal. */
class Sqlite implements Program {
  readonly #database: SqlDatabase

  constructor({ Database }: SqliteModule) {
    this.#database = new Database(`${MOUNT}/kept.db`)
    this.#database.exec('PRAGMA journal_mode = DELETE; PRAGMA synchronous = FULL')
    this.#database.exec(
      'CREATE TABLE IF NOT EXISTS kept (id INTEGER PRIMARY KEY, n INT, body TEXT)',
    )
  }

  commit(n: number): void {
    this.#database.exec('BEGIN')
    for (const row of [n, n + ROWS * 7]) {
      const values = [row % (ROWS * 10), n, bodyOf(row)]
      this.#database.run('INSERT OR REPLACE INTO kept VALUES (?, ?, ?)', values)
    }
    this.#database.exec('COMMIT')
  }

  shown(): Shown {
    const problems: string[] = []
    const value = (sql: string): unknown => this.#database.exec(sql)[0]?.values[0]?.[0]
    if (value('PRAGMA journal_mode') !== 'delete') problems.push('the journal mode is another')
    const integrity = value('PRAGMA integrity_check')
    if (integrity !== 'ok') problems.push(`integrity_check: ${String(integrity)}`)
    const count = Number(value('SELECT coalesce(max(n), 0) FROM kept'))
    const rows = this.#database.exec('SELECT id, n, body FROM kept ORDER BY id')[0]?.values ?? []
    const found = new Map(rows.map(([id, n, body]) => [id, `${String(n)} ${String(body)}`]))
    for (let n = Math.max(1, count - ROWS); n <= count; n++) {
      for (const row of [n, n + ROWS * 7]) {
        if (found.get(row % (ROWS * 10)) !== `${n} ${bodyOf(row)}`)
          problems.push(`row ${row} of ${n}`)
      }
    }
    return { count, problems }
  }

  close(): void {
    this.#database.close()
  }
}

const FILES = 50
const IDLE_MS = 200

/** Writes 50 files, never syncs, and is idle for 200 ms. */
class ManyFiles implements Program {
  readonly #fs: ProgramFs

  constructor(fs: ProgramFs) {
    this.#fs = fs
  }

  async commit(n: number): Promise<void> {
    for (let file = 0; file < FILES; file++) {
      this.#fs.writeFile(`${MOUNT}/${n}-${file}`, bodyOf(n * FILES + file))
    }
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
  }

  /** Removes what a set that was cut short has left, so that the next try makes all of its files anew. */
  shown(): Shown {
    const problems: string[] = []
    const names = this.#fs.readdir(MOUNT).filter((name) => name !== '.' && name !== '..')
    const sets = names.map((name) => Number.parseInt(name, 10))
    const isWhole = (n: number): boolean =>
      Array.from({ length: FILES }, (_, file) => file).every((file) => {
        const path = `${n}-${file}`
        if (!names.includes(path)) return false
        const text = this.#fs.readFile(`${MOUNT}/${path}`, { encoding: 'utf8' })
        return text === bodyOf(n * FILES + file)
      })
    let count = 0
    while (isWhole(count + 1)) count++
    for (const [at, name] of names.entries()) {
      if (sets[at]! > count) this.#fs.unlink(`${MOUNT}/${name}`)
      if (sets[at]! > count + 1) problems.push(`${name} is there, and not all of ${count + 1}`)
    }
    return { count, problems }
  }

  close(): void {}
}

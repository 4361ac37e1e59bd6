// A copy of the checkout in which a mutation is tried: what git knows, changed files as they are. It shares
// the installed packages, so making one takes a second, and a mutation costs the files that it changes.

import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ROOT } from '../../workspace.ts'
import { mutated, type Mutation } from './mutation.ts'

export class SourceCopy {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'wasm-vfs-mutations-'))
  // What was there before the mutation, by path from the root.
  readonly #before = new Map<string, string>()

  constructor() {
    const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: ROOT })
    for (const path of listed.toString().split('\n')) {
      const source = join(ROOT, path)
      if (path === '' || !existsSync(source)) continue
      const target = join(this.directory, path)
      mkdirSync(dirname(target), { recursive: true })
      cpSync(source, target)
      const folder = /^packages\/[^/]+\/package\.json$/.test(path) ? dirname(path) : undefined
      if (folder !== undefined) this.#linkPackages(folder)
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.directory, 'node_modules'))
  }

  /** Throws if the mutation does not fit the sources; then nothing has changed. */
  apply(mutation: Mutation): void {
    const texts = mutated(mutation, (file) => this.#read(file))
    for (const [file, text] of texts) {
      this.#before.set(file, this.#read(file))
      writeFileSync(join(this.directory, file), text)
    }
  }

  restore(): void {
    for (const [file, text] of this.#before) writeFileSync(join(this.directory, file), text)
    this.#before.clear()
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5 })
  }

  #read(file: string): string {
    return readFileSync(join(this.directory, file), 'utf8')
  }

  /** Links between the packages are relative, so in the copy they lead to the copy. */
  #linkPackages(folder: string): void {
    const modules = join(ROOT, folder, 'node_modules')
    if (!existsSync(modules)) return
    cpSync(modules, join(this.directory, folder, 'node_modules'), {
      recursive: true,
      verbatimSymlinks: true,
    })
  }
}

// Modules that the glue cannot mount in: each is told what is missing and what to do.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { createFileSystemType, mount } from '../../src/emscripten/index.ts'
import { openMemory } from '../../src/index.ts'
import { loadGit } from './modules.ts'

const require = createRequire(import.meta.url)

describe('mount', () => {
  it('refuses WasmFS, in a module linked with it', async () => {
    const wasmBinary = await readFile(require.resolve('wasm-git/lg2_opfs.wasm'))
    const { default: factory } = (await import('wasm-git/lg2_opfs.js')) as {
      default: (options: object) => Promise<{ readonly FS: object }>
    }
    const { FS } = await factory({ wasmBinary, noInitialRun: true })
    const vfs = await openMemory()
    const refused = { code: 'ENOTSUP', operation: 'mount' }
    expect(() => mount(FS, vfs, '/data')).toThrowError(expect.objectContaining(refused))
    expect(() => mount(FS, vfs, '/data')).toThrowError(/createNode.*-sWASMFS/)
  })

  it('refuses an FS whose names were minified', async () => {
    const { FS } = await loadGit()
    const minified = Object.fromEntries(
      Object.entries(FS).map(([, member], index) => [`m${index}`, member as unknown]),
    )
    const vfs = await openMemory()
    expect(() => createFileSystemType(minified, vfs)).toThrowError(/--closure 1/)
  })

  it('refuses an FS that is not set up yet', async () => {
    const { FS } = await loadGit()
    const vfs = await openMemory()
    const early = { ...FS, root: null }
    expect(() => mount(early, vfs, '/data')).toThrowError(/preRun/)
  })

  it('says how to export FS where there is none', async () => {
    const vfs = await openMemory()
    const missing = undefined as unknown as object
    expect(() => mount(missing, vfs, '/data')).toThrowError(TypeError)
    expect(() => mount(missing, vfs, '/data')).toThrowError(/EXPORTED_RUNTIME_METHODS=FS/)
  })
})

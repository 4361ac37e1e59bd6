// The modules the glue is tested in: programs from npm, built by their authors with Emscripten releases
// from 3.1 to 6.0. Each loads in Node, without a network.

import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { PGlite } from '@electric-sql/pglite'
import { loadPyodide, type PyodideAPI } from 'pyodide'
import { getPHPLoaderModule } from '@php-wasm/node-8-3'
import { loadPHPRuntime, PHP } from '@php-wasm/universal'
import type { BehaviourModule } from './behaviour.ts'
import type { TestFS } from './test-fs.ts'

const require = createRequire(import.meta.url)

export interface TestModule {
  readonly name: string
  /** The release it was built with: the exact one where the authors say it, else the oldest possible. */
  readonly emscripten: string
  /** Behaviours (by name) whose system call this release does not have. */
  readonly without: readonly string[]
  load(): Promise<BehaviourModule>
}

const FALLOCATE = 'posix_fallocate grows a file and never shrinks it'
const LINK = 'link makes a hard link, follows a symlink only if told to, and stays in its mount'

export const modules: readonly TestModule[] = [
  {
    name: '@ffmpeg/core 0.12.10',
    emscripten: '3.1.40',
    without: [
      LINK,
      'chown succeeds and leaves the modification time',
      'fstat works on a file without a name',
      'statfs reports the space of the Vfs',
    ],
    async load() {
      const module = await loadFfmpeg()
      return { FS: module.FS, heap: () => module.HEAPU8 }
    },
  },
  {
    name: '@php-wasm/node-8-3 3.1.54',
    emscripten: '4.0.19',
    without: [LINK, FALLOCATE],
    async load() {
      const { module } = await loadPhp()
      return { FS: module.FS, heap: () => module.HEAPU8 }
    },
  },
  {
    name: 'pyodide 314.0.7',
    emscripten: '5.0.3',
    without: [LINK, FALLOCATE],
    async load() {
      const python = await loadPython()
      const { _module: module } = python as unknown as { readonly _module: HeapAndFS }
      return { FS: module.FS, heap: () => module.HEAPU8 }
    },
  },
  {
    name: 'wasm-git 0.0.17',
    emscripten: '6.0.3',
    without: [FALLOCATE],
    async load() {
      const module = await loadGit()
      return { FS: module.FS, heap: () => module.HEAPU8 }
    },
  },
  {
    name: '@electric-sql/pglite 0.5.16',
    emscripten: '6.0.3',
    without: [FALLOCATE],
    async load() {
      const { Module } = await PGlite.create({ noInitDb: true })
      return { FS: Module.FS as unknown as TestFS, heap: () => Module.HEAPU8 }
    },
  },
]

export interface HeapAndFS {
  readonly FS: TestFS
  readonly HEAPU8: Uint8Array
}

export interface FfmpegModule extends HeapAndFS {
  exec(...args: string[]): number
  setLogger(log: (entry: { type: string; message: string }) => void): void
}

/** Built for workers only: it wants to know where it was loaded from. */
export async function loadFfmpeg(): Promise<FfmpegModule> {
  const script = require.resolve('@ffmpeg/core').replace('/umd/', '/esm/')
  const wasmBinary = await readFile(script.replace(/\.js$/, '.wasm'))
  const scope = globalThis as { self?: unknown }
  const { self } = scope
  scope.self = { location: { href: new URL(`file://${script}`).href } }
  try {
    const factory = (await import('@ffmpeg/core')) as unknown as {
      default: (options: object) => Promise<FfmpegModule>
    }
    return await factory.default({ wasmBinary })
  } finally {
    scope.self = self
  }
}

export interface GitModule extends HeapAndFS {
  /** Runs one git command; returns what it printed, throws text if it failed. */
  callWithOutput(args: string[]): string
}

export async function loadGit(): Promise<GitModule> {
  const wasmBinary = await readFile(require.resolve('wasm-git/lg2.wasm'))
  const { default: factory } = (await import('wasm-git/lg2.js')) as {
    default: (options: object) => Promise<GitModule>
  }
  return factory({ wasmBinary, noInitialRun: true })
}

export interface PhpProgram {
  readonly php: PHP
  readonly module: HeapAndFS
}

export async function loadPhp(): Promise<PhpProgram> {
  let module: HeapAndFS | undefined
  const id = await loadPHPRuntime(await getPHPLoaderModule(), {
    onRuntimeInitialized: (initialized) => {
      module = initialized as unknown as HeapAndFS
    },
  })
  const php = new PHP(id)
  if (module === undefined) throw new Error('php-wasm did not hand over its module')
  return { php, module }
}

export function loadPython(): Promise<PyodideAPI> {
  return loadPyodide()
}

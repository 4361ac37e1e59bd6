// Bundles pages and workers for a browser with esbuild, and puts the files they load at run time
// (PGlite's .wasm, .data and extension tarballs) where `new URL(…, import.meta.url)` in the bundle
// finds them. Called by the end-to-end tests and packages/bench; served by tools/serve.ts.

import { existsSync } from 'node:fs'
import { copyFile, mkdir, readFile } from 'node:fs/promises'
import { builtinModules } from 'node:module'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { build as runBuild, type Loader, type Plugin } from 'esbuild'
import { inlineWorkers, isPublishedSource } from './inline-worker.ts'

export interface BundleOptions {
  /** Source files by the name of their output (`{ page: 'src/page.ts' }` gives `page.js`). */
  readonly entries: Readonly<Record<string, string>>
  readonly outdir: string
  readonly minify?: boolean
  /** Identifiers replaced by source text at build time, as in esbuild. */
  readonly define?: Readonly<Record<string, string>>
}

/**
 * Writes one ES module per entry, with shared chunks and source maps, into one flat directory.
 * A worker made by `new Worker(new URL('./name.ts', import.meta.url))` must be an entry `name`.
 */
export async function bundle(options: BundleOptions): Promise<void> {
  const outdir = resolve(options.outdir)
  await mkdir(outdir, { recursive: true })
  await runBuild({
    entryPoints: { ...options.entries },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    sourcemap: true,
    minify: options.minify ?? false,
    define: { ...options.define },
    // PGlite imports these only when it finds itself in Node.
    external: ['node:*', ...builtinModules],
    chunkNames: 'chunk-[hash]',
    plugins: [assetsBeside(outdir)],
    logLevel: 'warning',
  })
}

const ASSET_URL = /new URL\(\s*(["'`])([^"'`$]+)\1\s*,\s*import\.meta\.url\s*,?\s*\)/g
const LOADERS: Readonly<Record<string, Loader>> = {
  '.ts': 'ts',
  '.mts': 'ts',
  '.js': 'js',
  '.mjs': 'js',
}

/**
 * esbuild leaves `new URL('./file', import.meta.url)` as written, but moves the code. This rewrites
 * each to a file beside the bundle, copied there, or to the output of the entry that it names; worker
 * scripts of our own packages are put in, as in what is published.
 */
function assetsBeside(outdir: string): Plugin {
  return {
    name: 'assets-beside',
    setup(build) {
      build.onLoad({ filter: /\.m?[jt]s$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8')
        const source = isPublishedSource(path) ? await inlineWorkers(path, text) : text
        const assets = new Set<string>()
        const contents = source.replace(ASSET_URL, (written, _quote, target: string) => {
          const file = resolve(dirname(path), target)
          const extension = extname(file)
          if (extension in LOADERS) {
            const output = `./${basename(file, extension)}.js`
            return `new URL(${JSON.stringify(output)}, import.meta.url)`
          }
          if (extension === '' || !existsSync(file)) return written
          assets.add(file)
          return `new URL(${JSON.stringify(`./${basename(file)}`)}, import.meta.url)`
        })
        await Promise.all([...assets].map((file) => copyFile(file, join(outdir, basename(file)))))
        return { contents, loader: LOADERS[extname(path)] ?? 'js' }
      })
    },
  }
}

// The files of the bench's pages: the one that runs tasks, and around it the interactive one. Called by
// session.ts, which serves them to a browser of its own, and by open/, for anybody's.

import { cp, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { bundle } from '../../../tools/bundle.ts'
import { RUNNER_PAGE } from './protocol.ts'

const SOURCE = join(import.meta.dirname, 'browser')

/** Code that is served as its projects publish it, because its files find each other by URL. */
interface Served {
  /** Below the page's own address. */
  readonly name: string
  readonly directory: string
  /** What the page asks for, relative to the directory. */
  readonly files: readonly string[]
}

function served(): readonly Served[] {
  const { resolve } = createRequire(import.meta.url)
  return [
    {
      name: 'pglite',
      directory: dirname(resolve('@electric-sql/pglite/pglite.wasm')),
      files: ['pglite.wasm', 'initdb.wasm', 'pglite.data'],
    },
    {
      name: 'sqlite',
      directory: dirname(resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm')),
      files: ['.'],
    },
    // The package's root: its code lies in src and in dist.
    {
      name: 'wa-sqlite',
      directory: dirname(dirname(resolve('@journeyapps/wa-sqlite'))),
      files: ['src', 'dist'],
    },
  ]
}

export interface Entries {
  /** Sources by the names of their scripts, which share chunks. */
  readonly shared: Readonly<Record<string, string>>
  /** Each a script that imports nothing. */
  readonly alone: Readonly<Record<string, string>>
}

/** Bundles the page that runs tasks, and others beside it. */
export async function buildSite(
  outdir: string,
  { shared, alone }: Entries = { shared: {}, alone: {} },
): Promise<void> {
  await bundle({
    outdir,
    entries: {
      page: join(SOURCE, 'page.ts'),
      'store-worker': join(SOURCE, 'store-worker.ts'),
      echo: join(SOURCE, 'echo.ts'),
      'happy-opfs-worker': join(SOURCE, 'happy-opfs-worker.ts'),
      ...shared,
    },
  })
  await build({
    entryPoints: { zenfs: join(SOURCE, 'zenfs-bundle.ts'), ...alone },
    outdir,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // With the slash it is the package, which ZenFS imports, and not Node's module.
    alias: { buffer: createRequire(import.meta.url).resolve('buffer/') },
    logLevel: 'warning',
  })
  await writeFile(join(outdir, RUNNER_PAGE), PAGE)
}

/** URL prefixes to directories, for tools/serve.ts. */
export function siteDirectories(outdir: string): Record<string, string> {
  const others = served().map(({ name, directory }) => [`/${name}`, directory] as const)
  return { '/': outdir, ...Object.fromEntries(others) }
}

/** Copies what is served beside the bundle into its directory, so that it stands alone. */
export async function copyServed(outdir: string): Promise<void> {
  for (const { name, directory, files } of served()) {
    for (const file of files) {
      await cp(join(directory, file), join(outdir, name, file), { recursive: true })
    }
  }
}

const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>wasm-vfs bench</title>
<script type="module" src="./page.js"></script>
`

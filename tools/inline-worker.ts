// A published module that makes a worker carries the worker's script with it, so that it works from any
// bundler and any CDN. In the sources it names the script, as dev servers and type checkers understand it:
//
//   new URL('../worker.ts', import.meta.url)
//
// and here that becomes the URL of a blob with the script and all that it imports. Called by the build
// (tools/build.ts), and for tests and benchmarks by tools/bundle.ts.

import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { build } from 'esbuild'

const WORKER_URL = /new URL\(\s*'([^']+\.ts)'\s*,\s*import\.meta\.url\s*,?\s*\)/g

/** Whether a source file is one that is published, in which worker scripts are inlined. */
export function isPublishedSource(path: string): boolean {
  return /[\\/]packages[\\/]vfs-[^\\/]+[\\/]src[\\/]/.test(path) && !path.endsWith('.test.ts')
}

/** The text of a source file with the scripts that it names put in; line numbers stay as they are. */
export async function inlineWorkers(path: string, text: string): Promise<string> {
  let result = text
  for (const { 0: written, 1: target, index } of [...text.matchAll(WORKER_URL)].toReversed()) {
    const script = resolve(dirname(path), target!)
    // Comments give examples of scripts that do not exist.
    if (!existsSync(script)) continue
    const code = JSON.stringify(await selfContained(script, { minify: true }))
    const url = `new URL(URL.createObjectURL(new Blob([${code}], { type: 'text/javascript' })))`
    result = result.slice(0, index) + url + result.slice(index + written.length)
  }
  return result
}

/** One module that imports nothing. */
export async function selfContained(
  script: string,
  options: { readonly minify: boolean },
): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [script],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    legalComments: 'none',
    minify: options.minify,
    logLevel: 'warning',
  })
  return outputFiles[0]!.text
}

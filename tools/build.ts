// One build for all published packages: `pnpm build`. esbuild turns each source file into one module,
// so dist mirrors src, stack traces stay readable and bundlers drop what is not used; worker scripts are
// bundled and put into the modules that start them. One run of tsc emits the declarations beside them.

import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { transform } from 'esbuild'
import { inlineWorkers, selfContained } from './inline-worker.ts'
import { moduleRequests } from './modules.ts'
import { filesBelow, publishablePackages, ROOT, type WorkspacePackage } from './workspace.ts'

const run = promisify(execFile)

/** A package's entry of this name is given to `new Worker` as a file, which must import nothing. */
const WORKER_SCRIPT = 'worker.ts'

async function emitCode({ directory }: WorkspacePackage): Promise<number> {
  const source = join(directory, 'src')
  const modules = (await filesBelow(source)).filter(
    (path) => path.endsWith('.ts') && !path.endsWith('.test.ts'),
  )
  await Promise.all(modules.map((path) => emitModule(directory, path)))
  return modules.length
}

async function emitModule(directory: string, path: string): Promise<void> {
  const sourceFile = join(directory, 'src', path)
  const output = join(directory, 'dist', path.replace(/\.ts$/, '.js'))
  await mkdir(dirname(output), { recursive: true })
  if (path === WORKER_SCRIPT) {
    await writeFile(output, await selfContained(sourceFile, { minify: false }))
    return
  }
  const source = await inlineWorkers(sourceFile, await readFile(sourceFile, 'utf8'))
  const { code, map } = await transform(source, {
    loader: 'ts',
    format: 'esm',
    target: 'es2022',
    sourcemap: 'external',
    sourcefile: relative(dirname(output), sourceFile),
  })
  await writeFile(
    output,
    `${withJsSpecifiers(output, code)}//# sourceMappingURL=${basename(output)}.map\n`,
  )
  await writeFile(`${output}.map`, map)
}

/** A relative import of a source file becomes one of the module made from it. Keeps lines as they are. */
function withJsSpecifiers(path: string, code: string): string {
  let result = code
  for (const { specifier, start, end } of moduleRequests(path, code).toReversed()) {
    if (!specifier.startsWith('.')) continue
    const target = JSON.stringify(specifier.replace(/\.ts$/, '.js'))
    result = result.slice(0, start) + target + result.slice(end)
  }
  return result
}

async function emitDeclarations(packages: readonly WorkspacePackage[]): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'wasm-vfs-types-'))
  try {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
    const options = ['--noEmit', 'false', '--emitDeclarationOnly', '--outDir', scratch]
    await run(process.execPath, [tsc, '-p', join(ROOT, 'tsconfig.src.json'), ...options])
    for (const { folder, directory } of packages) {
      await cp(join(scratch, folder, 'src'), join(directory, 'dist'), { recursive: true })
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

try {
  const started = performance.now()
  const packages = await publishablePackages()
  await Promise.all(
    packages.map(({ directory }) => rm(join(directory, 'dist'), { recursive: true, force: true })),
  )
  const [counts] = await Promise.all([
    Promise.all(packages.map(emitCode)),
    emitDeclarations(packages),
  ])
  for (const [index, { manifest }] of packages.entries()) {
    console.log(`${manifest.name}: ${counts[index]} modules`)
  }
  console.log(`built in ${Math.round(performance.now() - started)} ms`)
} catch (error) {
  // tsc's complaints are on its standard output, everything else's in the message.
  if (error instanceof Error && 'stdout' in error && error.stdout !== '')
    console.error(error.stdout)
  else console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

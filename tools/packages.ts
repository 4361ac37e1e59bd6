// Checks the packages as users get them: packed, judged by publint and attw, then installed from the
// tarballs into a project outside the workspace, which type-checks every entry and runs the README's
// example. `tsx tools/packages.ts`, after a build; the test run counts each check as one test.

import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { transform } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { report, type Outcome } from './checks.ts'
import { bin, runProcess, type RunResult } from './process.ts'
import { filesBelow, publishablePackages, ROOT, type WorkspacePackage } from './workspace.ts'

interface Packed {
  readonly source: WorkspacePackage
  readonly tarball: string
}

/** Runs all checks, printing each outcome as it is known. */
export async function packageChecks(): Promise<Outcome[]> {
  const scratch = await mkdtemp(join(tmpdir(), 'wasm-vfs-packages-'))
  const outcomes: Outcome[] = []
  const check = async (title: string, examine: () => Promise<string | undefined>) => {
    const started = performance.now()
    const detail = await examine().catch((error: unknown) => String(error))
    outcomes.push(report({ title, ok: detail === undefined, ...(detail && { detail }) }, started))
  }
  try {
    const packed: Packed[] = []
    for (const source of await publishablePackages()) {
      const { name } = source.manifest
      await check(`${name}: packs`, async () => {
        const { tarball, complaint } = await pack(source, scratch)
        if (tarball !== undefined) packed.push({ source, tarball })
        return complaint
      })
    }
    for (const { source, tarball } of packed) {
      const { name } = source.manifest
      await check(`${name}: publint`, () => lintPackage(tarball))
      await check(`${name}: types resolve (attw)`, () => typesResolve(tarball))
    }
    const project = join(scratch, 'project')
    await check('the tarballs install outside the workspace', () => install(project, packed))
    await check('every entry type-checks and loads there', () => useEntries(project, packed))
    await check("the README's example runs there", () => runExample(project))
    await check('a dry run of publishing is clean', dryRun)
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  return outcomes
}

function complaintOf({ failure, output }: RunResult): string | undefined {
  return failure === undefined ? undefined : `${output.trim()}\n${failure}`
}

async function pack(
  { directory, manifest }: WorkspacePackage,
  scratch: string,
): Promise<{ tarball?: string; complaint?: string | undefined }> {
  const target = join(scratch, basename(directory))
  await mkdir(target)
  const result = await runProcess(pnpm('pack', '--pack-destination', target), { cwd: directory })
  const tarball = (await filesBelow(target)).find((path) => path.endsWith('.tgz'))
  if (tarball === undefined) return { complaint: complaintOf(result) ?? 'no tarball was made' }

  const listed = await runProcess(['tar', '-tzf', join(target, tarball)])
  const files = listed.output.trim().split('\n')
  const unwanted = files.filter(
    (path) => !/^package\/(dist\/|package\.json$|\w+\.md$|LICENSE$)/.test(path),
  )
  const missing = ['README.md', 'LICENSE', 'package.json'].filter(
    (name) => !files.includes(`package/${name}`),
  )
  const complaint = [
    ...unwanted.map((path) => `${manifest.name} should not contain ${path}`),
    ...missing.map((name) => `${manifest.name} lacks ${name}`),
  ].join('\n')
  return { tarball: join(target, tarball), complaint: complaint || undefined }
}

async function lintPackage(tarball: string): Promise<string | undefined> {
  const content = new Uint8Array(await readFile(tarball))
  const { messages, pkg } = await publint({ pack: { tarball: content.buffer }, strict: true })
  const lines = messages.map((message) => formatMessage(message, pkg) ?? message.code)
  return lines.length === 0 ? undefined : lines.join('\n')
}

async function typesResolve(tarball: string): Promise<string | undefined> {
  const attw = bin('@arethetypeswrong/cli', 'dist/index.js')
  const options = ['--profile', 'esm-only', '--format', 'ascii', '--no-emoji', '--no-color']
  const result = await runProcess([...attw, tarball, ...options])
  // A package without any types passes as far as attw is concerned.
  if (/no types|does not contain types/i.test(result.output)) return result.output
  return complaintOf(result)
}

async function install(project: string, packed: readonly Packed[]): Promise<string | undefined> {
  await mkdir(project)
  const dependencies = packed.map(({ source, tarball }) => [
    source.manifest.name,
    `file:${tarball}`,
  ])
  await writeJson(join(project, 'package.json'), {
    private: true,
    type: 'module',
    dependencies: Object.fromEntries(dependencies),
  })
  const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline']
  const complaint = complaintOf(await runProcess(['npm', 'install', ...options], { cwd: project }))
  // The peers that entries name in their types; those of the workspace will do.
  for (const peer of ['@electric-sql/pglite', 'fast-check']) {
    const link = join(project, 'node_modules', peer)
    await mkdir(join(link, '..'), { recursive: true })
    await symlink(join(ROOT, 'node_modules', peer), link)
  }
  return complaint
}

async function useEntries(project: string, packed: readonly Packed[]): Promise<string | undefined> {
  const specifiers = packed.flatMap(({ source: { manifest } }) =>
    Object.keys(manifest.exports ?? {}).map((entry) => manifest.name + entry.slice(1)),
  )
  const lines = specifiers.map(
    (specifier, index) => `import * as entry${index} from '${specifier}'`,
  )
  const names = specifiers.map((_, index) => `entry${index}`).join(', ')
  const code = [
    ...lines,
    `for (const entry of [${names}]) {`,
    `  if (Object.keys(entry).length === 0) throw new Error('an entry exports nothing')`,
    `}`,
  ].join('\n')
  await writeFile(join(project, 'entries.ts'), `${code}\n`)
  for (const module of ['nodenext', 'esnext']) {
    const complaint = await typeCheck(project, 'entries.ts', module)
    if (complaint !== undefined) return complaint
  }
  return runModule(project, 'entries', code)
}

/** The first code block of the README that needs no browser: the one with the memory backend. */
async function runExample(project: string): Promise<string | undefined> {
  const readme = await readFile(join(ROOT, 'packages/vfs-core/README.md'), 'utf8')
  const blocks = [...readme.matchAll(/^```(?:ts|js)\n([\s\S]*?)^```$/gm)].map((match) => match[1])
  const code = blocks.find((block) => block?.includes('openMemory('))
  if (code === undefined) return 'packages/vfs-core/README.md has no example with openMemory'
  await writeFile(join(project, 'example.ts'), `${code}\nexport {}\n`)
  return (
    (await typeCheck(project, 'example.ts', 'nodenext')) ??
    (await runModule(project, 'example', code))
  )
}

async function typeCheck(
  project: string,
  file: string,
  module: string,
): Promise<string | undefined> {
  const config = join(project, `tsconfig.${basename(file, '.ts')}.${module}.json`)
  await writeJson(config, {
    compilerOptions: {
      module,
      moduleResolution: module === 'nodenext' ? 'nodenext' : 'bundler',
      target: 'es2022',
      lib: ['ES2022', 'DOM'],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
    },
    files: [file],
  })
  const result = await runProcess([...bin('typescript', 'bin/tsc'), '-p', config])
  if (result.ok) return undefined
  // Declarations are checked too, but only ours: PGlite's lack the globals that they name.
  const lines = result.output.split('\n').filter((line) => !line.includes('@electric-sql'))
  return lines.some((line) => line.includes('error TS')) ? lines.join('\n') : undefined
}

async function runModule(
  project: string,
  name: string,
  source: string,
): Promise<string | undefined> {
  const file = join(project, `${name}.mjs`)
  const { code } = await transform(source, { loader: 'ts', format: 'esm' })
  await writeFile(file, code)
  return complaintOf(await runProcess([process.execPath, file], { cwd: project }))
}

async function dryRun(): Promise<string | undefined> {
  const result = await runProcess(pnpm('-r', 'publish', '--dry-run', '--no-git-checks'))
  const complaint = complaintOf(result)
  if (complaint !== undefined) return complaint
  const missing = (await publishablePackages()).filter(
    ({ manifest }) => !result.output.includes(`${manifest.name}@${manifest.version}`),
  )
  if (missing.length === 0) return undefined
  return `not published: ${missing.map(({ manifest }) => manifest.name).join(', ')}`
}

/** The pnpm that runs this script, or the one that npx brings. */
function pnpm(...args: string[]): string[] {
  const running = process.env['npm_execpath'] ?? ''
  if (!/pnpm/.test(running)) return ['npx', '-y', 'pnpm@12', ...args]
  return /\.[cm]?js$/.test(running) ? [process.execPath, running, ...args] : [running, ...args]
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFile(path, `${JSON.stringify(value, null, 2)}\n`)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const outcomes = await packageChecks()
  process.exitCode = outcomes.every(({ ok }) => ok) ? 0 : 1
}

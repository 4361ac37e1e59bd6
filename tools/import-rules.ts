// Which part of the project may import which: its layers, kept by `pnpm lint`.
// Imports of types count as much as imports of code. A test may reach anything but the benchmark.

import { readFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import { pathToFileURL } from 'node:url'
import { moduleRequests } from './modules.ts'
import {
  filesBelow,
  ROOT,
  workspacePackages,
  type Manifest,
  type WorkspacePackage,
} from './workspace.ts'

const CORE = 'packages/vfs-core/src'
const PGLITE = '@electric-sql/pglite'

interface Layer {
  /** Where its files are; a file belongs to the first layer that it lies in. */
  readonly directory: string
  /** What they may import besides files of the same layer: path prefixes or package names. */
  readonly mayImport: readonly string[]
}

const LAYERS: readonly Layer[] = [
  { directory: `${CORE}/contract`, mayImport: [] },
  { directory: `${CORE}/engine`, mayImport: [`${CORE}/contract`] },
  { directory: `${CORE}/storage`, mayImport: [`${CORE}/contract`] },
  { directory: `${CORE}/memory`, mayImport: [`${CORE}/contract`, `${CORE}/engine`] },
  { directory: `${CORE}/emscripten`, mayImport: [`${CORE}/contract`] },
  {
    directory: `${CORE}/pglite`,
    mayImport: [`${CORE}/contract`, `${CORE}/emscripten`, PGLITE],
  },
  {
    directory: `${CORE}/testing`,
    mayImport: [`${CORE}/contract`, 'fast-check'],
  },
  {
    directory: CORE,
    mayImport: ['contract', 'engine', 'memory', 'storage'].map((part) => `${CORE}/${part}`),
  },
  ...['opfs-ahp', 'opfs-worker', 'idb'].map((backend) => ({
    directory: `packages/vfs-${backend}/src`,
    mayImport: [`${CORE}/index.ts`, `${CORE}/backend.ts`, '*'],
  })),
]

function layerOf(path: string): Layer | undefined {
  return LAYERS.find(({ directory }) => path.startsWith(`${directory}/`))
}

function isTest(file: string): boolean {
  return file.endsWith('.test.ts') || /^packages\/[^/]+\/test\//.test(file) || isTool(file)
}

function isTool(file: string): boolean {
  return file.startsWith('tools/') || !file.includes('/')
}

function isPublished(file: string, manifest: Manifest): boolean {
  return manifest.private !== true && !isTest(file)
}

function isPackageName(target: string): boolean {
  return !target.startsWith('packages/') && !target.startsWith('tools/')
}

function isWithin(target: string, prefix: string): boolean {
  return target === prefix || target.startsWith(`${prefix}/`)
}

/**
 * Why `file` may not import `target`, or `undefined` if it may. Both are paths from the root, or the
 * target is a package's name.
 */
export function objection(file: string, target: string): string | undefined {
  const bench = 'packages/bench'
  if (isWithin(target, bench) && !isWithin(file, bench)) return 'nothing imports the benchmark'
  if (isTest(file) || isWithin(file, bench)) return undefined

  const own = layerOf(file)
  if (own === undefined) return 'no layer in tools/import-rules.ts covers this file'
  if (isWithin(target, PGLITE) && !own.mayImport.includes(PGLITE)) {
    return `only ${CORE}/pglite knows PGlite`
  }
  if (layerOf(target) === own) return undefined
  if (own.mayImport.some((prefix) => isWithin(target, prefix))) return undefined
  if (own.mayImport.includes('*') && isPackageName(target)) return undefined
  const allowed = own.mayImport.length === 0 ? 'nothing else' : `only ${own.mayImport.join(', ')}`
  return `${own.directory} imports ${allowed}`
}

/** The violations of a source tree, one line each. */
export async function violations(root: string): Promise<string[]> {
  const packages = await workspacePackages(root)
  const lines: string[] = []
  for (const { folder, directory, manifest } of packages) {
    const files = (await filesBelow(directory)).filter((path) => /^(src|test)\/.*\.ts$/.test(path))
    for (const path of files) {
      const file = `packages/${folder}/${path}`
      const text = await readFile(join(root, file), 'utf8')
      for (const { specifier } of moduleRequests(file, text)) {
        const target = resolveTarget(file, specifier, packages)
        const reason =
          objection(file, target) ??
          (isPublished(file, manifest) ? undeclared(target, manifest) : undefined)
        if (reason !== undefined) lines.push(`${file}: imports '${specifier}', but ${reason}`)
      }
    }
  }
  return lines
}

/** A path from the root for what lies in the workspace, else the specifier as it stands. */
function resolveTarget(
  file: string,
  specifier: string,
  packages: readonly WorkspacePackage[],
): string {
  if (specifier.startsWith('.')) return normalize(join(dirname(file), specifier))
  const { folder, manifest } =
    packages.find(({ manifest: { name } }) => isWithin(specifier, name)) ?? {}
  if (folder === undefined || manifest === undefined) return specifier
  const source = manifest.exports?.[`.${specifier.slice(manifest.name.length)}`] ?? 'package.json'
  return normalize(join('packages', folder, source))
}

function undeclared(target: string, manifest: Manifest): string | undefined {
  if (!isPackageName(target) || target.startsWith('node:')) return undefined
  const declared = { ...manifest.dependencies, ...manifest.peerDependencies }
  if (Object.keys(declared).some((name) => isWithin(target, name))) return undefined
  return `${manifest.name} does not declare it as a dependency`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const found = await violations(ROOT)
  for (const line of found) console.error(line)
  console.log(found.length === 0 ? 'import rules: kept' : `import rules: ${found.length} broken`)
  process.exitCode = found.length === 0 ? 0 : 1
}

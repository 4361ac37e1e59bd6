// What a reader must know about the machine to judge a run. Called once per run by the CLI.

import { execFile } from 'node:child_process'
import { readFile, statfs } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, cpus, platform, release, totalmem } from 'node:os'
import { promisify } from 'node:util'
import type { Environment } from './schema.ts'

const GIB = 1024 ** 3
const GIT_TIMEOUT_MS = 5_000

/** `f_type` of statfs(2) on Linux, for the file systems that a profile is likely to be on. */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0x01021994: 'tmpfs',
  0x0000ef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x2fc12fc1: 'zfs',
  0x794c7630: 'overlayfs',
  0x00006969: 'nfs',
}

export async function describeEnvironment(
  browser: Environment['browser'],
  profileDirectory: string,
): Promise<Environment> {
  const [fileSystem, pglite, commit] = await Promise.all([
    fileSystemOf(profileDirectory),
    pgliteVersion(),
    commitOf(import.meta.dirname),
  ])
  const processors = cpus()
  return {
    date: new Date().toISOString(),
    browser,
    os: `${platform()} ${release()} ${arch()}`,
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round((totalmem() / GIB) * 10) / 10,
    fileSystem,
    node: process.version,
    pglite,
    ...(commit !== undefined && { commit }),
  }
}

async function fileSystemOf(directory: string): Promise<string> {
  const { type } = await statfs(directory)
  if (platform() !== 'linux') return `type ${type}`
  return FILE_SYSTEMS[type] ?? `0x${type.toString(16)}`
}

export async function pgliteVersion(): Promise<string> {
  const wasm = createRequire(import.meta.url).resolve('@electric-sql/pglite/pglite.wasm')
  const manifest: unknown = JSON.parse(
    await readFile(new URL('../package.json', `file://${wasm}`), 'utf8'),
  )
  return String((manifest as { version?: unknown }).version)
}

/** Undefined where there is no git or no checkout: the sources may have come as an archive. */
export async function commitOf(directory: string): Promise<string | undefined> {
  const git = async (...args: string[]): Promise<string> => {
    const options = { cwd: directory, timeout: GIT_TIMEOUT_MS }
    return (await promisify(execFile)('git', args, options)).stdout.trim()
  }
  try {
    const commit = await git('rev-parse', '--short=12', 'HEAD')
    const changes = await git('status', '--porcelain', '--untracked-files=no')
    return changes === '' ? commit : `${commit}-dirty`
  } catch {
    return undefined
  }
}

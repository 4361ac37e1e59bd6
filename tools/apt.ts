// Installs Debian packages where that takes no password. Called by the parts that find browsers.

import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const SUDO_TIMEOUT_MS = 20_000

const run = promisify(execFile)

/** What to put before a command to run it as root; `undefined` where there is no apt or no way to root. */
export async function rootPrefix(): Promise<string[] | undefined> {
  if ((await findCommand('apt-get')) === undefined) return undefined
  if (process.getuid?.() === 0) return []
  const sudo = await run('sudo', ['-n', 'true'], { timeout: SUDO_TIMEOUT_MS }).catch(() => null)
  return sudo === null ? undefined : ['sudo', '-n']
}

/** The commands that install `packages`, after `prefix`. */
export function aptInstall(
  prefix: readonly string[],
  packages: readonly string[],
): readonly (readonly string[])[] {
  const apt = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq']
  return [
    [...apt, 'update'],
    [...apt, 'install', '-y', '--no-install-recommends', ...packages],
  ]
}

/** The first executable of that name on PATH. */
export async function findCommand(command: string): Promise<string | undefined> {
  for (const path of onPath(command)) if (await isExecutable(path)) return path
  return undefined
}

/** Where a command would be, in each directory of PATH. */
export function onPath(command: string): string[] {
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter((path) => path !== '')
  return directories.map((directory) => join(directory, command))
}

export function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
